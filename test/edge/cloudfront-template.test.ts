import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { readConfig } from '../../src/config.ts';
import { ERROR_CACHING, ERRORS } from '../../src/errors.ts';
import { publicServerOptions, UPLOADS_PREFIX } from '../../src/http/server-options.ts';
import { OPTION_NAMES } from '../../src/request/options.ts';
import { VARIABLES } from '../../src/variables.ts';
import { readTemplate } from '../support/cloudformation.ts';
import {
  type Fields,
  FOLDER,
  MODULE,
  pascal,
  type Said,
  type Settings,
  sayCloudFormation,
  sayPlan,
  sayTerraform,
  TEMPLATE,
  variableDefaults,
} from '../support/cloudfront-templates.ts';
import { ROOT } from '../support/process.ts';
import { startService } from '../support/service.ts';

const README = readFileSync(path.join(FOLDER, 'README.md'), 'utf8');
const HOST = { origin_domain: 'lb.example.com' };
const SECRET = 'a-secret-of-the-cdn-0001';
const EVERYTHING: Settings = {
  ...HOST,
  name: 'shop',
  origin_protocol: 'http-only',
  origin_response_timeout: 40,
  origin_secret: SECRET,
  origin_shield_region: 'eu-central-1',
  query_key: 'allow-list',
  signing: true,
  uploads: true,
  cors_origins: 'list',
  aliases: ['img.example', 'pictures.example'],
  certificate_arn: 'arn:aws:acm:us-east-1:123456789012:certificate/1',
  price_class: 'PriceClass_100',
};

interface Origin {
  readonly Id: string;
  readonly ConnectionAttempts: number;
  readonly ConnectionTimeout: number;
  readonly CustomOriginConfig: { readonly OriginReadTimeout: number; readonly OriginKeepaliveTimeout: number };
  readonly OriginCustomHeaders?: readonly { readonly HeaderName: string; readonly HeaderValue: string }[];
}

interface Behavior {
  readonly PathPattern: string;
  readonly TargetOriginId: string;
  readonly CachePolicyId: string;
  readonly AllowedMethods: readonly string[];
  readonly CachedMethods: readonly string[];
  readonly FunctionAssociations?: readonly Fields[];
}

interface Distribution {
  readonly Origins: readonly Origin[];
  readonly DefaultCacheBehavior: Behavior;
  readonly CacheBehaviors?: readonly Behavior[];
  readonly CustomErrorResponses: readonly { readonly ErrorCode: number; readonly ErrorCachingMinTTL: number }[];
  readonly CacheTagConfig: { readonly HeaderName: string };
}

/** What CloudFormation says; Terraform says the same, by the first test. */
function distribution(settings: Settings = HOST): Distribution {
  return sayCloudFormation(settings).Distribution?.DistributionConfig as Distribution;
}

interface CachePolicy {
  readonly MinTTL: number;
  readonly DefaultTTL: number;
  readonly MaxTTL: number;
  readonly ParametersInCacheKeyAndForwardedToOrigin: {
    readonly HeadersConfig: { readonly Headers: readonly string[] };
    readonly QueryStringsConfig: { readonly QueryStringBehavior: string; readonly QueryStrings?: readonly string[] };
    readonly [field: string]: unknown;
  };
}

function cachePolicy(settings: Settings = HOST): CachePolicy {
  return sayCloudFormation(settings).CachePolicy?.CachePolicyConfig as CachePolicy;
}

const keyed = (settings: Settings) => cachePolicy(settings).ParametersInCacheKeyAndForwardedToOrigin;

/** A directive of a Cache-Control header, in seconds. */
function seconds(header: string, directive: string): number {
  return Number(new RegExp(`(?:^|[ ,])${directive}=(\\d+)`).exec(header)?.[1]);
}

/** What a variable of the service is where nobody sets it. */
function defaultOf(name: keyof typeof VARIABLES): string {
  const schema: object = VARIABLES[name].schema;
  return 'default' in schema ? String(schema.default) : '';
}

/** A default as README has it. */
function shown(value: string | number | undefined): string {
  if (value === undefined) return '–';
  return value === '' ? 'none' : `\`${value}\``;
}

/** A program's first words, or undefined where it is not installed. */
function version(program: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n')[0] : undefined;
}

t.test('both say the same, whatever they are given', (t) => {
  const one = Object.entries(EVERYTHING).map(([name, value]) => ({ ...HOST, [name]: value }));
  for (const settings of [HOST, ...one, EVERYTHING]) {
    const { Function: theirs, ...others } = sayTerraform(settings);
    const { Function: ours, ...rest } = sayCloudFormation(settings);
    t.strictSame(others, rest, Object.keys(settings).join());
    t.strictSame({ ...theirs, FunctionCode: '' }, { ...ours, FunctionCode: '' });
  }
  t.strictSame(Object.keys(sayTerraform(HOST)), ['Function', 'CachePolicy', 'OriginRequestPolicy', 'Distribution']);
  t.equal(sayTerraform(HOST).Function?.FunctionCode, 'file ./cloudfront-function.js');
  t.end();
});

t.test('both are given the same, by default too, and README tells of it', (t) => {
  const { name, tags, ...defaults } = variableDefaults();
  t.strictSame({ name, tags }, { name: 'lambent', tags: {} }, 'which a stack has by itself');
  const expected = Object.entries(defaults).map(([key, value]) => [pascal(key), String(value)]);
  const parameters = Object.entries(TEMPLATE.Parameters);
  t.strictSame(
    parameters.flatMap(([key, { Default }]) => (Default === undefined ? [] : [[key, String(Default)]])),
    expected,
  );
  const names = MODULE.blocks.flatMap(({ type, labels }) => (type === 'variable' ? labels : []));
  t.strictSame(
    parameters.map(([key]) => key),
    names.filter((key) => key !== 'name' && key !== 'tags').map(pascal),
  );
  t.strictSame(
    [...README.matchAll(/^\| `(\w+)` \| `(\w+)` \| (\S+) \|/gm)].map(([, ours, theirs, value]) => [
      ours,
      theirs,
      value,
    ]),
    parameters.map(([key, { Default }]) => [key, names.find((name) => pascal(name) === key), shown(Default)]),
  );
  const outputs = MODULE.blocks.flatMap(({ type, labels }) => (type === 'output' ? labels : []));
  t.strictSame(Object.keys(TEMPLATE.Outputs), outputs.map(pascal));
  t.end();
});

t.test('the key has every option, and what is not used is not in it', (t) => {
  const listed = { ...HOST, query_key: 'allow-list' };
  const queries = (settings: Settings) => keyed({ ...listed, ...settings }).QueryStringsConfig;
  const access = ['exp', 'kid', 'sig'];
  const pictures = OPTION_NAMES.filter((name) => name !== 'pending' && !access.includes(name));
  t.strictSame(queries({}), { QueryStringBehavior: 'whitelist', QueryStrings: pictures });
  t.strictSame(queries({ uploads: true }).QueryStrings, [...pictures, 'pending']);
  t.strictSame(queries({ signing: true }).QueryStrings, [...pictures, ...access]);
  t.strictSame(queries({ signing: true, uploads: true }).QueryStrings, OPTION_NAMES);
  t.strictSame(keyed(HOST).QueryStringsConfig, { QueryStringBehavior: 'all' }, 'as the function leaves it');
  t.match(README, `these are ${pictures.length} to ${OPTION_NAMES.length};`);
  t.match(README, `--desired-value ${OPTION_NAMES.length}`);
  t.strictSame(keyed(HOST).HeadersConfig.Headers, ['Accept']);
  t.strictSame(keyed({ ...HOST, cors_origins: 'list' }).HeadersConfig.Headers, ['Accept', 'Origin']);
  t.match(keyed(EVERYTHING), {
    CookiesConfig: { CookieBehavior: 'none' },
    EnableAcceptEncodingGzip: false,
    EnableAcceptEncodingBrotli: false,
  });
  t.end();
});

t.test('what the service says of lifetimes is what counts', (t) => {
  const { MinTTL, DefaultTTL, MaxTTL } = cachePolicy();
  const { cacheControl } = readConfig({}, 'file:///samples');
  const fresh = seconds(cacheControl, 's-maxage');
  const stale = Math.max(...['stale-while-revalidate', 'stale-if-error'].map((name) => seconds(cacheControl, name)));
  t.equal(MinTTL, 0);
  t.equal(DefaultTTL, fresh);
  t.ok(MaxTTL >= fresh + stale, 'stale answers end with the maximum');
  t.match(README, `${(fresh + stale) / 86_400} days by default`);
  t.ok(MaxTTL >= seconds(defaultOf('UPLOADS_CACHE_CONTROL'), 'max-age'));
  t.equal(distribution().CacheTagConfig.HeaderName, defaultOf('CACHE_TAG_HEADER'));
  t.end();
});

// docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide: HTTPStatusCodes.html, custom-error-pages-expiration.html.
const KEPT_ALWAYS = [404, 414, 500, 501, 502, 503, 504];
const KEPT_BY_HEADER = [400, 403, 405, 412, 415];
const CAN_BE_SET = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

t.test('no error is kept for longer than it says', (t) => {
  const minimum = new Map(
    distribution().CustomErrorResponses.map(({ ErrorCode, ErrorCachingMinTTL }) => [ErrorCode, ErrorCachingMinTTL]),
  );
  const statuses = new Set(Object.values(ERRORS).map(({ status }) => status));
  // What a load balancer may answer; the service has none such.
  statuses.add(501 as never);
  for (const { status, caching } of Object.values(ERRORS)) {
    const isKept = KEPT_ALWAYS.includes(status) || KEPT_BY_HEADER.includes(status);
    if (!isKept) t.notOk(minimum.has(status), `${status} is none that CloudFront keeps`);
    else if (CAN_BE_SET.includes(status)) t.ok(minimum.has(status), `${status} is set`);
    else t.notOk(KEPT_ALWAYS.includes(status), `${status} is kept for what it says and no longer`);
    if (status !== 404) t.ok([0, undefined].includes(minimum.get(status)), String(status));
    else if (caching === 'missing')
      t.ok(
        Number(minimum.get(404)) <= seconds(ERROR_CACHING[caching], 's-maxage'),
        'no longer than of a missing object',
      );
  }
  t.strictSame(
    [...minimum.keys()].filter((status) => !statuses.has(status as never)),
    [],
    'none besides',
  );
  const [, table = ''] = /\| status \| kept \| minimum \|\n([\s\S]*?)\n\n/.exec(README) ?? [];
  const told = [...table.matchAll(/^\| ([\d, ]+) \|.*\| (.*) \|$/gm)].flatMap(([, list = '', least = '']) =>
    list.split(', ').map((status) => [Number(status), /^\d/.test(least) ? Number(least) : undefined] as const),
  );
  t.strictSame(
    told.toSorted(([a], [b]) => a - b),
    [...statuses].toSorted((a, b) => a - b).map((status) => [status, minimum.get(status)]),
    'README has each of them',
  );
  t.end();
});

t.test('nothing is asked for twice while the service works on it', (t) => {
  const [pictures, uploads] = distribution({ ...HOST, uploads: true }).Origins;
  const { OriginReadTimeout: patience, OriginKeepaliveTimeout: idle } = pictures?.CustomOriginConfig ?? {};
  const { ConnectionAttempts: times, ConnectionTimeout: connect } = pictures ?? {};
  const deadline = readConfig({}, 'file:///samples').deadlineMs / 1000;
  t.ok(Number(patience) > deadline);
  t.ok(Number(uploads?.CustomOriginConfig.OriginReadTimeout) >= Number(patience));
  const { keepAliveTimeout } = publicServerOptions({ logger: pino({ enabled: false }), corsHeaders: {} });
  t.ok(
    Number(idle) < 60 && Number(idle) < Number(keepAliveTimeout) / 1000,
    'nothing is sent into what was just closed',
  );
  const sums = [
    `${times} × ${connect} s = ${Number(times) * Number(connect)} s`,
    `${times} × (${connect} s + ${patience} s) = ${Number(times) * (Number(connect) + Number(patience))} s`,
    `\`DEADLINE_MS\`, ${deadline} s, `,
    `Idle connections are kept for ${idle} s`,
  ];
  for (const sum of sums) t.match(README, sum);
  t.end();
});

t.test('the service answers who sends what CloudFront does', async (t) => {
  const env = { ORIGIN_SECRETS: SECRET, CORS_ORIGINS: 'https://shop.example' };
  const service = await startService(t, { env });
  const settings = { ...HOST, origin_secret: SECRET, uploads: true };
  const { Origins, DefaultCacheBehavior } = distribution(settings);
  for (const { Id, OriginCustomHeaders = [] } of Origins) {
    const sent = Object.fromEntries(
      OriginCustomHeaders.map(({ HeaderName, HeaderValue }) => [HeaderName, HeaderValue]),
    );
    t.match(await service.get('/harbour.jpg?w=40', sent), { status: 200 }, Id);
    const [first = ''] = (await service.get('/harbour.jpg', { ...sent, range: 'bytes=0-99' })).body.toString('latin1');
    t.equal(first, '\xff', 'a part of an original');
  }
  t.match(await service.get('/harbour.jpg?w=40'), { status: 403 });
  t.strictSame(distribution().Origins[0]?.OriginCustomHeaders, undefined, 'no header without a secret');
  t.ok(DefaultCacheBehavior.AllowedMethods.includes('OPTIONS'));
  t.notOk(DefaultCacheBehavior.CachedMethods.includes('OPTIONS'));
  const preflight = await service.send('OPTIONS', '/harbour.jpg', { origin: 'https://shop.example' });
  t.match(preflight, { status: 204, headers: { 'access-control-allow-origin': 'https://shop.example' } });
});

/** CloudFront's own CachingDisabled: docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html. */
const NOTHING_KEPT = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';

t.test('uploads have a way of their own', (t) => {
  const [canonical] = distribution().DefaultCacheBehavior.FunctionAssociations ?? [];
  t.strictSame(canonical, { EventType: 'viewer-request', FunctionARN: 'Function.FunctionARN' });
  t.equal(distribution().CacheBehaviors, undefined);
  const [uploads] = distribution({ ...HOST, uploads: true }).CacheBehaviors ?? [];
  t.match(uploads, {
    PathPattern: `${UPLOADS_PREFIX}*`,
    TargetOriginId: 'uploads',
    ViewerProtocolPolicy: 'https-only',
  });
  t.equal(uploads?.CachePolicyId, NOTHING_KEPT);
  t.equal(uploads?.FunctionAssociations, undefined);
  for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) t.ok(uploads?.AllowedMethods.includes(method), method);
  t.end();
});

t.test('a secret that the service takes is one that the template takes', (t) => {
  const pattern = new RegExp(String(TEMPLATE.Parameters.OriginSecret?.AllowedPattern));
  const taken = (secret: string) => {
    try {
      return readConfig({ ORIGIN_SECRETS: secret }, 'file:///samples').originSecrets?.length === 1;
    } catch {
      return false;
    }
  };
  for (const secret of [
    SECRET,
    '!'.repeat(16),
    '~'.repeat(512),
    'x'.repeat(15),
    'x'.repeat(513),
    `${SECRET} x`,
    `${SECRET},`,
  ])
    t.equal(pattern.test(secret), taken(secret), secret.slice(0, 30));
  t.equal(TEMPLATE.Parameters.OriginSecret?.NoEcho, true);
  const [, variable] =
    /variable "origin_secret" \{([^}]*)\}/.exec(readFileSync(path.join(FOLDER, 'main.tf'), 'utf8')) ?? [];
  t.match(variable, /sensitive\s+= true/);
  t.end();
});

/** A folder with the template and a function in it, where what README says was run. */
function written(t: Test, code: string): string {
  const folder = t.testdir({ dist: { edge: { 'cloudfront-function.js': code } } });
  mkdirSync(path.join(folder, 'edge'));
  cpSync(FOLDER, path.join(folder, 'edge/cloudfront'), { recursive: true });
  const [command = ''] = /^node -p .*cloudfront\.yaml$/m.exec(README) ?? [];
  execFileSync('sh', ['-c', command], { cwd: folder });
  return path.join(folder, 'dist/edge/cloudfront.yaml');
}

t.test('README puts the function into the template', (t) => {
  const hard = 'function handler(e) { return "\\n$&\\\\" + \'%\' + /<a>/.test(e); } // é\u2028\n';
  const code = hard + '"\n'.repeat((10_240 - Buffer.byteLength(hard)) / 2);
  const text = readFileSync(written(t, code), 'utf8');
  const { Resources } = readTemplate(text);
  t.equal(Resources.Function?.Properties.FunctionCode, code);
  t.strictSame(
    { ...Resources.Function?.Properties, FunctionCode: '' },
    { ...TEMPLATE.Resources.Function?.Properties, FunctionCode: '' },
  );
  t.ok(Buffer.byteLength(text) <= 51_200, 'and it needs no bucket to be sent by');
  const [, file = ''] = /^<(.*)>$/.exec(String(TEMPLATE.Resources.Function?.Properties.FunctionCode)) ?? [];
  const built = readFileSync(path.join(ROOT, file), 'utf8');
  const { Resources: real } = readTemplate(readFileSync(written(t, built), 'utf8'));
  t.equal(real.Function?.Properties.FunctionCode, built, 'the one that was built, too');
  t.throws(
    () => new Function(String(TEMPLATE.Resources.Function?.Properties.FunctionCode)),
    'without, it is no program',
  );
  t.end();
});

const cfnLint =
  version('cfn-lint', ['--version']) === undefined ? 'cfn-lint is not installed: pip install cfn-lint' : false;

t.test('cfn-lint finds nothing', { skip: cfnLint }, (t) => {
  const files = [path.join(FOLDER, 'template.yaml'), written(t, 'function handler(event) { return event.request; }')];
  const { status, stdout } = spawnSync('cfn-lint', files, { encoding: 'utf8' });
  t.equal(stdout, '');
  t.equal(status, 0);
  t.end();
});

const terraform = version('terraform', ['version']) === undefined ? 'terraform is not installed' : false;

t.test('terraform would write it like that', { skip: terraform }, (t) => {
  const { status, stdout } = spawnSync('terraform', ['fmt', '-check', '-diff', FOLDER], { encoding: 'utf8' });
  t.equal(stdout, '');
  t.equal(status, 0);
  t.end();
});

const { TERRAFORM_PLUGIN_DIR: plugins = '' } = process.env;
const provider = terraform || (plugins === '' ? 'TERRAFORM_PLUGIN_DIR names no folder with hashicorp/aws' : false);

/** Has no credentials, and asks nothing of AWS. */
const OFFLINE = `provider "aws" {
  region                      = "us-east-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}
`;

t.test('terraform finds it valid, and reads it as these tests do', { skip: provider }, (t) => {
  const folder = t.testdir({ 'cloudfront-function.js': 'the function', 'provider.tf': OFFLINE });
  const file = path.join(folder, 'main.tf');
  const text = readFileSync(path.join(FOLDER, 'main.tf'), 'utf8');
  const run = (...args: readonly string[]) =>
    spawnSync('terraform', [`-chdir=${folder}`, ...args], { encoding: 'utf8' });
  const init = () => run('init', '-backend=false', '-input=false', `-plugin-dir=${plugins}`).status;
  writeFileSync(file, text);
  let isOlder = false;
  if (init() !== 0) {
    isOlder = true;
    t.comment('The provider is older than 6.46: looked at without cache_tag_config.');
    writeFileSync(file, text.replace('">= 6.46"', '">= 5.0"').replace(/ {2}cache_tag_config \{[^}]*\}\n/, ''));
    t.equal(init(), 0);
  }
  const { status, stderr } = run('validate', '-no-color');
  t.equal(status, 0, stderr);
  for (const settings of [HOST, EVERYTHING]) {
    writeFileSync(path.join(folder, 'terraform.tfvars.json'), JSON.stringify(settings));
    const plan = run('plan', '-input=false', '-refresh=false', '-no-color', '-out=plan');
    t.equal(plan.status, 0, plan.stderr);
    const { planned_values } = JSON.parse(run('show', '-json', 'plan').stdout);
    t.match(inOrder(sayPlan(planned_values.root_module.resources)), inOrder(known(sayTerraform(settings), isOlder)));
  }
  t.end();
});

/** Without what a plan does not know yet, and what an older provider never does. */
function known(said: Said, isOlder: boolean): unknown {
  const unknown = ['CachePolicy', 'OriginRequestPolicy', 'Function.FunctionARN', 'file ./cloudfront-function.js'];
  return JSON.parse(
    JSON.stringify(said, (key, value) =>
      unknown.includes(value) || (isOlder && key === 'CacheTagConfig') ? undefined : value,
    ),
  );
}

/** With lists sorted, most of which are sets to Terraform. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) {
    const text = (item: unknown) => JSON.stringify((item as Fields).Id ?? (item as Fields).ErrorCode ?? item);
    return value.map(inOrder).toSorted((a, b) => (text(a) < text(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inOrder(item)]));
}
