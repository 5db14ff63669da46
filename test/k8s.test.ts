import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import t from 'tap';
import { parseAllDocuments } from 'yaml';
import { brokenRules, RULES, RULES_BETWEEN, reaches } from './support/k8s-rules.ts';
import { schemaProblems } from './support/k8s-schemas.ts';
import { kustomize, type Manifest } from './support/kustomize.ts';

const OVERLAYS = path.resolve(import.meta.dirname, '../k8s/overlays');
const overlays = new Map(readdirSync(OVERLAYS).map((name) => [name, kustomize(path.join(OVERLAYS, name))]));

/** The overlay with one field changed, or taken away, in the first object of a kind, or in that of a kind and a name. */
function change(overlay: string, of: string, field: string, value?: unknown): readonly Manifest[] {
  const manifests = structuredClone(overlays.get(overlay) ?? []);
  const [kind, wanted] = of.split(' ');
  const names = field.split('.');
  const last = names.pop() ?? '';
  const owner = names.reduce<unknown>(
    (inner, name) => (inner as Record<string, unknown>)[name],
    manifests.find(
      ({ kind: known, metadata: { name } }) => known === kind && (wanted === undefined || name === wanted),
    ),
  ) as Record<string, unknown>;
  if (value === undefined) delete owner[last];
  else owner[last] = value;
  return manifests;
}

/** For the two pods that there are at least. */
function budget(minAvailable: number | string, name = 'lambent'): unknown {
  return { minAvailable, selector: { matchLabels: { 'app.kubernetes.io/name': name } } };
}

t.test('every overlay is as the Kubernetes schemas want it, and keeps the rules', async (t) => {
  t.ok(overlays.size >= 2);
  for (const [name, manifests] of overlays) {
    t.strictSame(await schemaProblems(manifests), [], name);
    t.strictSame(brokenRules(manifests), [], name);
  }
});

t.test('what does not fit the schemas is found', async (t) => {
  const POD = 'spec.template.spec';
  const cases: readonly [string, string, unknown, RegExp][] = [
    [
      'HorizontalPodAutoscaler',
      'spec.minReplica',
      2,
      /'"minReplica"' does not exist .+ 'IHorizontalPodAutoscalerSpec'/,
    ],
    ['HorizontalPodAutoscaler', 'spec.behavior.scaleUp.stabilisationWindowSeconds', 0, /does not exist .+Scaling/],
    ['HorizontalPodAutoscaler', 'spec.maxReplicas', undefined, /must have required property maxReplicas/],
    ['HorizontalPodAutoscaler', 'apiVersion', 'autoscaling/v3', /HorizontalPodAutoscaler: .+autoscaling\/v3/],
    ['HorizontalPodAutoscaler', 'kind', 'HorizontalAutoscaler', /HorizontalAutoscaler: /],
    ['Deployment', `${POD}.containers.0.env.0.value`, 2, /env\/0\/value must be string/],
    ['Deployment', `${POD}.containers.0.resources.limits.memory`, '1 Gig', /limits\/memory must/],
    ['Deployment', `${POD}.containers.0.ReadinessProbe`, {}, /'"ReadinessProbe"' does not exist/],
    ['NetworkPolicy', 'spec.policyTypes', ['ingress'], /policyTypes\/0 must be equal to one of/],
  ];
  for (const [kind, field, value, problem] of cases) {
    const found = await schemaProblems(change('aws', kind, field, value));
    t.match(found, [problem], `${kind} ${field}`);
  }
});

t.test('what breaks a rule is found', (t) => {
  const POD = 'spec.template.spec';
  const CONTAINER = `${POD}.containers.0`;
  const probes = 'probes ask the management port; only readiness depends on the source';
  const confined = 'the container can change nothing';
  const drain = 'the grace period outlasts the drain';
  const reached = 'DNS and S3 are reached, the metadata of the node is not';
  const cases: readonly [keyof typeof RULES, string, string, unknown?][] = [
    [
      'no version of the API is one that Kubernetes takes away again',
      'HorizontalPodAutoscaler',
      'apiVersion',
      'autoscaling/v2beta2',
    ],
    ['the ConfigMap sets variables of the service or of the AWS SDK', 'ConfigMap', 'data.CACHE_MEMORY', '64MiB'],
    ['no secret is in a ConfigMap', 'ConfigMap', 'data.PURGE_TOKEN', 'a'.repeat(32)],
    [
      'a pod waits for a Secret only if it would not start without it',
      'Deployment',
      `${CONTAINER}.env.1`,
      { name: 'UPLOADS_KEYS', valueFrom: { secretKeyRef: { name: 'lambent', key: 'UPLOADS_KEYS' } } },
    ],
    ['the container has the ports that the service listens on', 'Deployment', `${CONTAINER}.ports.0.containerPort`, 80],
    ['the container has the ports that the service listens on', 'Deployment', `${CONTAINER}.ports.1.name`, 'metrics'],
    ['the Service leads to the public port only', 'Service', 'spec.ports.0.targetPort', 'management'],
    [
      'metrics are announced on the management port',
      'Deployment',
      'spec.template.metadata.annotations',
      { 'prometheus.io/port': '3000' },
    ],
    [probes, 'Deployment', `${CONTAINER}.startupProbe`],
    [probes, 'Deployment', `${CONTAINER}.readinessProbe`],
    [probes, 'Deployment', `${CONTAINER}.livenessProbe`],
    [probes, 'Deployment', `${CONTAINER}.livenessProbe.httpGet.path`, '/readyz'],
    [drain, 'Deployment', `${POD}.terminationGracePeriodSeconds`, 46],
    [drain, 'Deployment', `${POD}.terminationGracePeriodSeconds`],
    [drain, 'ConfigMap', 'data.DEADLINE_MS', '25001'],
    ['the pod is restricted', 'Deployment', `${POD}.securityContext.seccompProfile`],
    ['the pod is restricted', 'Deployment', `${POD}.securityContext.runAsNonRoot`, false],
    ['the pod is restricted', 'Namespace', 'metadata.labels'],
    [confined, 'Deployment', `${CONTAINER}.securityContext.readOnlyRootFilesystem`],
    [confined, 'Deployment', `${CONTAINER}.securityContext.allowPrivilegeEscalation`],
    [confined, 'Deployment', `${CONTAINER}.securityContext.capabilities`, { drop: ['ALL'], add: ['NET_ADMIN'] }],
    ["the user is the image's", 'Deployment', `${POD}.securityContext.runAsUser`, 1001],
    ['memory is limited to what is requested', 'Deployment', `${CONTAINER}.resources.limits.memory`, '2Gi'],
    ['CPU is requested and not limited', 'Deployment', `${CONTAINER}.resources.limits.cpu`, '2'],
    ['WORKERS follows the CPU request', 'Deployment', `${CONTAINER}.env.0.valueFrom.resourceFieldRef.divisor`, '1m'],
    ['WORKERS follows the CPU request', 'ConfigMap', 'data.WORKERS', '8'],
    ['every selector finds the pods', 'PodDisruptionBudget', 'spec.selector.matchLabels', { app: 'lambent' }],
    ['every selector finds the pods', 'NetworkPolicy', 'spec.podSelector', {}],
    [
      'the autoscaler drives the Deployment, and nothing else does',
      'HorizontalPodAutoscaler',
      'spec.scaleTargetRef.name',
      'x',
    ],
    ['the autoscaler drives the Deployment, and nothing else does', 'Deployment', 'spec.replicas', 2],
    ['the autoscaler is faster up than down', 'HorizontalPodAutoscaler', 'spec.behavior.scaleDown'],
    ['a node can be emptied when there are as few pods as can be', 'PodDisruptionBudget', 'spec', budget(2)],
    ['a node can be emptied when there are as few pods as can be', 'PodDisruptionBudget', 'spec', budget('51%')],
    ['what the pod refers to is there', 'Deployment', `${POD}.serviceAccountName`, 'default'],
    ['what the pod refers to is there', 'Deployment', `${CONTAINER}.envFrom.2`, { configMapRef: { name: 'x' } }],
    ['what the pod refers to is there', 'Deployment', `${CONTAINER}.envFrom.1.secretRef.optional`, false],
    ['what the pod refers to is there', 'Deployment', `${CONTAINER}.volumeMounts`, [{ name: 'x', mountPath: '/x' }]],
    ['originals from a folder are in a volume', 'ConfigMap', 'data.SOURCE', 'file:///pictures'],
    ['the image has a version', 'Deployment', `${CONTAINER}.image`, 'registry.example/lambent:latest'],
    ['everything is in the one namespace', 'Service', 'metadata.namespace', 'default'],
    [
      'anyone reaches the public port, and only who is named the management port',
      'NetworkPolicy',
      'spec.ingress.1.from',
    ],
    [reached, 'NetworkPolicy', 'spec.egress.1.to.0.ipBlock.except'],
    [reached, 'NetworkPolicy', 'spec.egress.1.to.1.ipBlock.except', ['fe80::/10']],
    [reached, 'NetworkPolicy', 'spec.egress', []],
  ];
  for (const [rule, kind, field, value] of cases) {
    t.strictSame(brokenRules(change('aws', kind, field, value)), [rule], `${kind} ${field}`);
  }
  const tried = new Set<string>(cases.map(([rule]) => rule));
  t.strictSame(
    Object.keys(RULES).filter((rule) => !tried.has(rule)),
    [],
    'no rule that was never seen to fail',
  );
  t.match(brokenRules(change('aws', 'ConfigMap', 'data.DEADLINE_MS', '12s')), ['DEADLINE_MS is "12s"; expected']);
  t.match(brokenRules(change('aws', 'ConfigMap', 'data.SOURCE')), ['SOURCE is not set; expected']);
  const otherMap = change('aws', 'Deployment', `${CONTAINER}.envFrom.0.configMapRef.name`, 'x');
  t.match(brokenRules(otherMap), ['SOURCE is not set; expected']);
  const otherLabel = change('aws', 'Service', 'metadata.labels', { 'app.kubernetes.io/name': 'x' });
  t.strictSame(brokenRules(otherLabel), ['Service lambent is of no Deployment']);
  t.end();
});

t.test('what breaks a rule between two Deployments is found', (t) => {
  const POD = 'spec.template.spec';
  const CONTAINER = `${POD}.containers.0`;
  const [pictures, uploads] = ['Deployment lambent', 'Deployment lambent-uploads'];
  const led = 'uploads lead to who takes them in, the rest to who shows pictures';
  const cases: readonly [keyof typeof RULES | keyof typeof RULES_BETWEEN, string, string, unknown?][] = [
    [
      'one of them takes uploads in, the others show them',
      'ConfigMap lambent-uploads',
      'data.UPLOADS_BUCKET',
      's3://example-pictures/originals',
    ],
    ['what one takes in the others can show', 'ConfigMap lambent-uploads', 'data.MAX_SOURCE_PIXELS', '100000000'],
    ['what one takes in the others can show', uploads, `${CONTAINER}.image`, 'registry.example/lambent:0.2.0'],
    ['they have the same keys of uploads', pictures, `${CONTAINER}.env.0.valueFrom.secretKeyRef.name`, 'lambent'],
    [
      'who uploads is known to who takes uploads in alone',
      pictures,
      `${CONTAINER}.envFrom.1.secretRef.name`,
      'lambent-uploads',
    ],
    ['each has an account and a role of its own', uploads, `${POD}.serviceAccountName`, 'lambent'],
    [
      'each has an account and a role of its own',
      'ServiceAccount lambent-uploads',
      'metadata.annotations',
      { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/lambent' },
    ],
    [led, 'Ingress', 'spec.rules.0.http.paths.0.path', '/-'],
    [led, 'Ingress', 'spec.rules.0.http.paths.0.backend.service.name', 'lambent'],
    [led, 'Ingress', 'spec.rules.0.http.paths.1.backend.service.port.name', 'management'],
    [led, 'Ingress', 'spec.rules', []],
    ['the load balancer asks the management port who is ready', 'Ingress', 'metadata.annotations'],
    // Those of each Deployment are for the second one, too.
    ['the grace period outlasts the drain', uploads, `${POD}.terminationGracePeriodSeconds`, 46],
    ['the container can change nothing', uploads, `${CONTAINER}.securityContext.readOnlyRootFilesystem`, false],
    ['the pod is restricted', uploads, `${POD}.securityContext.runAsNonRoot`, false],
    [
      'a node can be emptied when there are as few pods as can be',
      'PodDisruptionBudget lambent-uploads',
      'spec',
      budget(2, 'lambent-uploads'),
    ],
    ['every selector finds the pods', 'NetworkPolicy lambent-uploads', 'spec.podSelector', {}],
    ['DNS and S3 are reached, the metadata of the node is not', 'NetworkPolicy lambent-uploads', 'spec.egress', []],
    ['no secret is in a ConfigMap', 'ConfigMap lambent-uploads', 'data.UPLOADS_JWT_SECRET', 'a'.repeat(32)],
  ];
  for (const [rule, of, field, value] of cases) {
    t.strictSame(brokenRules(change('aws-uploads', of, field, value)), [rule], `${of} ${field}`);
  }
  const [theirs, finding] = ['each has pods of its own', 'every selector finds the pods'];
  const labels = { 'app.kubernetes.io/name': 'lambent' };
  t.strictSame(brokenRules(change('aws-uploads', uploads, 'spec.template.metadata.labels', labels)), [finding, theirs]);
  const tried = new Set<string>([...cases.map(([rule]) => rule), theirs]);
  t.strictSame(
    Object.keys(RULES_BETWEEN).filter((rule) => !tried.has(rule)),
    [],
    'no rule that was never seen to fail',
  );
  t.match(brokenRules(change('aws-uploads', pictures, `${CONTAINER}.env`, [])), ['UPLOADS_KEYS is not set; expected']);
  // Pods that take uploads in have to know who uploads.
  const everywhere = change('aws-uploads', 'ConfigMap lambent', 'data.UPLOADS_ENDPOINTS');
  t.match(brokenRules(everywhere), ['UPLOADS_JWT_SECRET is not set; expected']);
  const nowhere = change('aws-uploads', 'ConfigMap lambent-uploads', 'data.UPLOADS_ENDPOINTS', 'false');
  t.match(brokenRules(nowhere), ['one of them takes uploads in, the others show them', led]);
  t.end();
});

t.test('EKS Pod Identity is reached where it can be used', (t) => {
  const policies = (overlay: string) =>
    (overlays.get(overlay) ?? []).filter(({ kind }) => kind === 'NetworkPolicy') as readonly INetworkPolicy[];
  t.ok(reaches({ policies: policies('aws') }, '169.254.170.23', 80));
  const ofUploads = policies('aws-uploads').filter(({ metadata }) => metadata?.name === 'lambent-uploads');
  t.ok(reaches({ policies: ofUploads }, '169.254.170.23', 80));
  t.notOk(reaches({ policies: policies('local') }, '169.254.170.23', 80));
  t.end();
});

// Asked for, because another version's output may be another: TEST_KUBECTL=kubectl npx tap test/k8s.test.ts
const { TEST_KUBECTL } = process.env;

t.test('kubectl builds the same', { skip: TEST_KUBECTL ? false : 'TEST_KUBECTL names none' }, (t) => {
  for (const [name, manifests] of overlays) {
    const { stdout } = spawnSync(TEST_KUBECTL ?? '', ['kustomize', path.join(OVERLAYS, name)], { encoding: 'utf8' });
    // The hash of a ConfigMap's contents in its name, which we leave out.
    const documents = parseAllDocuments(stdout.replaceAll(/(lambent(?:-uploads)?)-[a-z0-9]{10}$/gm, '$1'));
    t.strictSame(sorted(documents.map((document) => document.toJS())), sorted(manifests), name);
  }
  t.end();
});

function sorted(manifests: readonly Manifest[]): readonly Manifest[] {
  const order = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name}`;
  return manifests.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
}
