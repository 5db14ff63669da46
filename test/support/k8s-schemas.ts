import path from 'node:path';
import ts from 'typescript';
import type { Manifest } from './kustomize.ts';

const FOLDER = import.meta.dirname;
const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
};

interface Model {
  validate(): void;
}

/**
 * What the Kubernetes API would refuse or drop. The schemas know what is required, types, choices and quantities, and let unknown
 * fields through; TypeScript refuses a field that a type does not have. Both come from `kubernetes-models`.
 */
export async function schemaProblems(manifests: readonly Manifest[]): Promise<readonly string[]> {
  const invalid = await Promise.all(manifests.map(validate));
  return [...invalid.flat(), ...(invalid.flat().length === 0 ? misfits(manifests) : [])];
}

async function validate(manifest: Manifest): Promise<readonly string[]> {
  const { apiVersion, kind } = manifest;
  try {
    const models: Record<string, new (data: Manifest) => Model> = await import(modelOf(manifest));
    const { [kind]: Kind } = models;
    if (Kind) new Kind(manifest).validate();
    return [];
  } catch (error) {
    return [`${apiVersion} ${kind}: ${(error as Error).message}`];
  }
}

function modelOf({ apiVersion, kind }: Manifest): string {
  return `kubernetes-models/${apiVersion}/${kind}`;
}

// Read once for all checks: most of what the compiler does here is to read the declarations of the language and of Kubernetes.
const parsed = new Map<string, ts.SourceFile | undefined>();

function misfits(manifests: readonly Manifest[]): readonly string[] {
  const sources = new Map(manifests.map((manifest, index) => [path.join(FOLDER, `${index}.ts`), source(manifest)]));
  const host = ts.createCompilerHost(OPTIONS);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => sources.has(file) || fileExists(file);
  host.readFile = (file) => sources.get(file) ?? readFile(file);
  host.getSourceFile = (file, ...rest) => {
    const text = sources.get(file);
    if (text !== undefined) return ts.createSourceFile(file, text, ts.ScriptTarget.ES2023);
    if (!parsed.has(file)) parsed.set(file, getSourceFile(file, ...rest));
    return parsed.get(file);
  };
  const program = ts.createProgram([...sources.keys()], OPTIONS, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

function source(manifest: Manifest): string {
  const { kind } = manifest;
  return [
    `import type { I${kind} } from '${modelOf(manifest)}';`,
    `export const manifest: I${kind} = ${JSON.stringify(manifest)};`,
  ].join('\n');
}
