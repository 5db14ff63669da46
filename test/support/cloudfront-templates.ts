import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readTemplate, resolveTemplate } from './cloudformation.ts';
import { evaluate, readHcl, resolveBody } from './hcl.ts';
import { ROOT } from './process.ts';

export const FOLDER = path.join(ROOT, 'edge/cloudfront');
export const TEMPLATE = readTemplate(readFileSync(path.join(FOLDER, 'template.yaml'), 'utf8'));
export const MODULE = readHcl(readFileSync(path.join(FOLDER, 'main.tf'), 'utf8'));

/** What both are given, by the names of Terraform. */
export type Settings = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export type Fields = Readonly<Record<string, unknown>>;

/** What both say, by the names of CloudFormation. */
export type Said = Readonly<Record<string, Fields>>;

export function sayCloudFormation({ name = 'lambent', ...settings }: Settings): Said {
  const given = Object.entries(settings).map(([key, value]) => [pascal(key), String(value)]);
  return resolveTemplate(TEMPLATE, { ...Object.fromEntries(given), 'AWS::StackName': name });
}

/** A resource of Terraform, its name in CloudFormation, and in what its settings are wrapped there. */
const RESOURCES: Readonly<Record<string, readonly [name: string, wrap: (said: Fields) => Fields]>> = {
  aws_cloudfront_function: ['Function', wrapFunction],
  aws_cloudfront_cache_policy: ['CachePolicy', (said) => ({ CachePolicyConfig: said })],
  aws_cloudfront_origin_request_policy: ['OriginRequestPolicy', (said) => ({ OriginRequestPolicyConfig: said })],
  aws_cloudfront_distribution: ['Distribution', ({ Tags, ...said }) => ({ DistributionConfig: said })],
};

export function sayTerraform(settings: Settings): Said {
  const scope: Record<string, unknown> = { var: { ...variableDefaults(), ...settings }, path: { module: '.' } };
  const resources = MODULE.blocks.filter(({ type }) => type === 'resource');
  for (const { labels } of resources) {
    const [type = '', label = ''] = labels;
    const name = RESOURCES[type]?.[0];
    scope[type] = { [label]: { id: name, arn: `${name}.FunctionARN` } };
  }
  const said = resources.map(({ labels: [type = ''], body }) => {
    const [name = '', wrap] = RESOURCES[type] ?? [];
    return [name, wrap?.(renamed(resolveBody(body, scope))) ?? {}];
  });
  return Object.fromEntries(said);
}

/** What `terraform plan` says, for comparison: without what is known only once it is there. */
export function sayPlan(resources: readonly { readonly type: string; readonly values: Fields }[]): Said {
  return Object.fromEntries(
    resources.map(({ type, values }) => {
      const [name = '', wrap] = RESOURCES[type] ?? [];
      return [name, wrap?.(renamed(values)) ?? {}];
    }),
  );
}

/** What variables are where nobody says anything else. */
export function variableDefaults(): Settings {
  const variables = MODULE.blocks.filter(({ type, body }) => type === 'variable' && body.attributes.has('default'));
  return Object.fromEntries(
    variables.map(({ labels: [name = ''], body }) => [name, evaluate(body.attributes.get('default') ?? '', {})]),
  ) as Settings;
}

function wrapFunction({ Name, Comment, Runtime, Publish, Code }: Fields): Fields {
  return { Name, AutoPublish: Publish, FunctionConfig: { Comment, Runtime }, FunctionCode: Code };
}

/** Where the two do not call it the same; blocks that are lists there are these. */
const LISTS: Readonly<Record<string, string>> = {
  origin: 'Origins',
  custom_header: 'OriginCustomHeaders',
  ordered_cache_behavior: 'CacheBehaviors',
  custom_error_response: 'CustomErrorResponses',
  function_association: 'FunctionAssociations',
};
const NAMES: Readonly<Record<string, string>> = {
  origin_id: 'Id',
  is_ipv6_enabled: 'IPV6Enabled',
  http_port: 'HTTPPort',
  https_port: 'HTTPSPort',
  origin_ssl_protocols: 'OriginSSLProtocols',
  function_arn: 'FunctionARN',
  error_caching_min_ttl: 'ErrorCachingMinTTL',
  min_ttl: 'MinTTL',
  default_ttl: 'DefaultTTL',
  max_ttl: 'MaxTTL',
  cloudfront_default_certificate: 'CloudFrontDefaultCertificate',
};

/** By the names of CloudFormation; an empty list is none there, like null. */
function renamed(said: Fields): Fields {
  const entries = Object.entries(said).filter(
    ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(
    entries.map(([name, value]) => [LISTS[name] ?? NAMES[name] ?? pascal(name), inner(name, value)]),
  );
}

function inner(name: string, value: unknown): unknown {
  if (!Array.isArray(value) || typeof value[0] !== 'object') return value;
  const blocks = (value as readonly Fields[]).map(renamed);
  if (name === 'custom_header') return blocks.map(({ Name, Value }) => ({ HeaderName: Name, HeaderValue: Value }));
  if (LISTS[name] !== undefined) return blocks;
  const [block = {}] = blocks;
  return Object.keys(block).join() === 'Items' ? block.Items : block;
}

/** `origin_domain` as `OriginDomain`. */
export function pascal(name: string): string {
  return name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
