import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments, parse as parseYaml } from 'yaml';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

type Fields = Record<string, unknown>;

interface Generator {
  readonly name: string;
  readonly behavior?: 'merge';
  readonly literals: readonly string[];
}

interface Image {
  readonly name: string;
  readonly newName?: string;
  readonly newTag?: string;
}

type Patch = { readonly path: string } | { readonly patch: string };

/** What a kustomization.yaml of this project may say. */
interface Kustomization {
  readonly resources: readonly string[];
  readonly configMapGenerator: readonly Generator[];
  readonly patches: readonly Patch[];
  readonly images: readonly Image[];
  readonly namespace?: string;
}

const NOTHING: Kustomization = { resources: [], configMapGenerator: [], patches: [], images: [] };
const KNOWN = [...Object.keys(NOTHING), 'apiVersion', 'kind', 'namespace'];

/** By which field a patch finds its counterpart in a list; a list without one is replaced as a whole. */
const LIST_KEYS: Readonly<Record<string, string>> = { containers: 'name', env: 'name', volumes: 'name' };

/**
 * As much of `kubectl kustomize` as k8s/ uses, so that the tests need nothing but Node.js: kubectl is 37 MB, zipped, and its
 * packages on npm have a binary for one platform. What is not known throws. Left out on purpose: the hash in the names of
 * generated ConfigMaps.
 */
export function kustomize(folder: string): readonly Manifest[] {
  const written = parseYaml(readFileSync(path.join(folder, 'kustomization.yaml'), 'utf8')) as Partial<Kustomization>;
  const unknown = Object.keys(written).filter((field) => !KNOWN.includes(field));
  if (unknown.length > 0) throw new Error(`${folder}: ${unknown.join(', ')} is not known here`);
  const given = { ...NOTHING, ...written };
  const resources = given.resources.flatMap((name) => load(path.join(folder, name)));
  const generated = given.configMapGenerator.reduce(generate, resources);
  const patched = given.patches.flatMap((patch) => readPatch(folder, patch)).reduce(applyPatch, generated);
  const named = patched.map((manifest) => withImages(manifest, given.images) as Manifest);
  return given.namespace === undefined ? named : named.map(inNamespace(given.namespace));
}

function load(file: string): readonly Manifest[] {
  return statSync(file).isDirectory() ? kustomize(file) : documents(readFileSync(file, 'utf8'));
}

/** Strict: a key given twice is an error of the YAML library. */
function documents(text: string): readonly Manifest[] {
  return parseAllDocuments(text).map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS() as Manifest;
  });
}

function readPatch(folder: string, patch: Patch): readonly Manifest[] {
  return documents('path' in patch ? readFileSync(path.join(folder, patch.path), 'utf8') : patch.patch);
}

function generate(manifests: readonly Manifest[], { name, behavior, literals }: Generator): readonly Manifest[] {
  const data = Object.fromEntries(literals.map((literal) => literal.split(/=(.*)/s).slice(0, 2)));
  const configMap: Manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
  return behavior === 'merge' ? applyPatch(manifests, configMap) : [...manifests, configMap];
}

/** A strategic merge patch: for the one object of its kind and name. */
function applyPatch(manifests: readonly Manifest[], patch: Manifest): readonly Manifest[] {
  const target = manifests.find(({ kind, metadata }) => kind === patch.kind && metadata.name === patch.metadata.name);
  if (!target) throw new Error(`a patch finds no ${patch.kind} ${patch.metadata.name}`);
  if (patch.$patch === 'delete') return manifests.filter((manifest) => manifest !== target);
  return manifests.map((manifest) => (manifest === target ? (merge(manifest, patch) as Manifest) : manifest));
}

function merge(base: unknown, patch: unknown, field = ''): unknown {
  if (Array.isArray(base) && Array.isArray(patch)) return mergeLists(base, patch, LIST_KEYS[field]);
  if (!isFields(base) || !isFields(patch)) return patch;
  const changed = Object.entries(patch).map(([name, value]) => [name, merge(base[name], value, name)]);
  return { ...base, ...Object.fromEntries(changed) };
}

function mergeLists(base: readonly Fields[], patch: readonly Fields[], key: string | undefined): readonly unknown[] {
  if (key === undefined) return patch;
  const merged = base.map((item) => {
    const change = patch.find((candidate) => candidate[key] === item[key]);
    return change ? merge(item, change) : item;
  });
  // As kustomize does it: what is new comes first.
  return [...patch.filter((item) => !base.some((known) => known[key] === item[key])), ...merged];
}

function withImages(value: unknown, images: readonly Image[]): unknown {
  if (Array.isArray(value)) return value.map((item) => withImages(item, images));
  if (!isFields(value)) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withImages(inner, images)]));
  const image = images.find(({ name }) => name === value.image);
  return image ? { ...copy, image: `${image.newName ?? image.name}:${image.newTag ?? 'latest'}` } : copy;
}

function inNamespace(namespace: string) {
  return (manifest: Manifest): Manifest =>
    manifest.kind === 'Namespace'
      ? { ...manifest, metadata: { ...manifest.metadata, name: namespace } }
      : { ...manifest, metadata: { ...manifest.metadata, namespace } };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
