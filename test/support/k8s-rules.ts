import { readFileSync } from 'node:fs';
import { BlockList, isIPv6 } from 'node:net';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IHTTPIngressPath } from 'kubernetes-models/networking.k8s.io/v1/HTTPIngressPath';
import type { INetworkPolicyEgressRule } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyEgressRule';
import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IProbe } from 'kubernetes-models/v1/Probe';
import { readConfig } from '../../src/config.ts';
import { VARIABLES } from '../../src/variables.ts';
import { type Deployed, type Labels, readDeployed, secretsOf } from './k8s-deployed.ts';
import type { Manifest } from './kustomize.ts';

const DOCKERFILE = readFileSync(path.resolve(import.meta.dirname, '../../Dockerfile'), 'utf8');
/** Of AWS and Azure, then of AWS over IPv6: whoever reads there gets the node's credentials. */
const NODE_METADATA = ['169.254.169.254', 'fd00:ec2::254'];
const SOME_S3_ADDRESS = '52.219.170.1';
/** Whoever may read manifests, which are in a repository, may read those. */
const SECRETS = [
  'PURGE_TOKEN',
  'SIGNING_KEYS',
  'ORIGIN_SECRETS',
  'UPLOADS_KEYS',
  'UPLOADS_JWT_SECRET',
  'UPLOADS_API_KEYS',
];
/** Of uploads, and of what is kept: in nothing else may pods differ of which some show what others take in. */
const MAY_DIFFER = /^(UPLOADS|CACHE|PURGE)_/;
const ROLE = 'eks.amazonaws.com/role-arn';
const ALB = 'alb.ingress.kubernetes.io';
/** Under which the service has everything of uploads. */
const UPLOADS_PREFIX = '/-/uploads';

/** What has to hold of each Deployment: between its manifests, and between them and the service. */
export const RULES = {
  'no version of the API is one that Kubernetes takes away again': ({ manifests }) =>
    manifests.every(({ apiVersion }) => /^([a-z0-9.]+\/)?v\d+$/.test(apiVersion)),
  'the ConfigMap sets variables of the service or of the AWS SDK': ({ variables }) =>
    Object.keys(variables).every((name) => name in VARIABLES || name.startsWith('AWS_')),
  'no secret is in a ConfigMap': ({ variables }) => SECRETS.every((name) => variables[name] === undefined),
  'a pod waits for a Secret only if it would not start without it': ({ container, variables }) =>
    Object.keys(secretsOf(container)).every(
      (name) => !canStart(variables, { ...secretsOf(container), [name]: undefined }),
    ),
  'the container has the ports that the service listens on': ({ container, config }) =>
    same(container.ports, [
      { name: 'http', containerPort: config.port },
      { name: 'management', containerPort: config.managementPort },
    ]),
  'the Service leads to the public port only': ({ service }) =>
    same(
      service.spec?.ports?.map(({ targetPort }) => targetPort),
      ['http'],
    ),
  'metrics are announced on the management port': ({ deployment, config }) =>
    deployment.spec?.template.metadata?.annotations?.['prometheus.io/port'] === String(config.managementPort),
  'probes ask the management port; only readiness depends on the source': ({ container }) =>
    asks(container.startupProbe, '/livez') &&
    asks(container.readinessProbe, '/readyz') &&
    asks(container.livenessProbe, '/livez'),
  'the grace period outlasts the drain': ({ pod, config }) =>
    (pod.terminationGracePeriodSeconds ?? 0) * 1000 >= config.drainLimitMs,
  'the pod is restricted': ({ pod: { securityContext }, namespace }) =>
    securityContext?.runAsNonRoot === true &&
    securityContext.seccompProfile?.type === 'RuntimeDefault' &&
    namespace.metadata?.labels?.['pod-security.kubernetes.io/enforce'] === 'restricted',
  'the container can change nothing': ({ container: { securityContext } }) =>
    securityContext?.readOnlyRootFilesystem === true &&
    securityContext.allowPrivilegeEscalation === false &&
    same(securityContext.capabilities, { drop: ['ALL'] }),
  "the user is the image's": ({ pod: { securityContext } }) =>
    DOCKERFILE.includes(`\nUSER ${securityContext?.runAsUser}:${securityContext?.runAsGroup}\n`),
  'memory is limited to what is requested': ({ container: { resources } }) =>
    resources?.requests?.memory !== undefined && resources.requests.memory === resources.limits?.memory,
  'CPU is requested and not limited': ({ container: { resources } }) =>
    resources?.requests?.cpu !== undefined && resources.limits?.cpu === undefined,
  'WORKERS follows the CPU request': ({ container, variables }) =>
    variables.WORKERS === undefined &&
    same(container.env?.find(({ name }) => name === 'WORKERS')?.valueFrom, {
      resourceFieldRef: { resource: 'requests.cpu', divisor: '1' },
    }),
  'every selector finds the pods': (deployed) =>
    selectors(deployed).every((selector) => selector !== undefined && finds(selector, deployed.labels)),
  'the autoscaler drives the Deployment, and nothing else does': ({ autoscaler, deployment }) =>
    autoscaler === undefined ||
    (same(autoscaler.spec?.scaleTargetRef, { ...typeOf(deployment), name: deployment.metadata?.name }) &&
      deployment.spec?.replicas === undefined),
  'the autoscaler is faster up than down': ({ autoscaler }) =>
    autoscaler === undefined ||
    (autoscaler.spec?.behavior?.scaleUp?.stabilizationWindowSeconds === 0 &&
      (autoscaler.spec.behavior.scaleDown?.stabilizationWindowSeconds ?? 0) >= 300),
  'a node can be emptied when there are as few pods as can be': (deployed) => disruptionsAllowed(deployed) >= 1,
  'what the pod refers to is there': ({ pod, container, manifests }) =>
    has(manifests, 'ServiceAccount', pod.serviceAccountName) &&
    (container.envFrom ?? []).every(
      // No secret is in a manifest: then the pod has to start without it.
      ({ configMapRef, secretRef }) => secretRef?.optional || has(manifests, 'ConfigMap', configMapRef?.name),
    ) &&
    (pod.volumes ?? []).every((volume) =>
      has(manifests, 'PersistentVolumeClaim', volume.persistentVolumeClaim?.claimName),
    ) &&
    (container.volumeMounts ?? []).every(({ name }) => pod.volumes?.some((volume) => volume.name === name)),
  'originals from a folder are in a volume': ({ container, config: { source } }) =>
    !source.startsWith('file:') ||
    (container.volumeMounts ?? []).some(({ mountPath }) => `${source}/`.startsWith(`file://${mountPath}/`)),
  'the image has a version': ({ container: { image } }) => /^[^:]+:(?!latest$)[\w.-]+$/.test(image ?? ''),
  'everything is in the one namespace': ({ manifests, namespace }) =>
    manifests.every(({ kind, metadata }) => kind === 'Namespace' || metadata.namespace === namespace.metadata?.name),
  'anyone reaches the public port, and only who is named the management port': ({ policies }) => {
    const rules = policies.flatMap(({ spec }) => spec?.ingress ?? []);
    const open = rules.filter(({ from }) => from === undefined).flatMap(({ ports }) => ports ?? []);
    return same(open, [{ port: 'http' }]);
  },
  'DNS and S3 are reached, the metadata of the node is not': (deployed) =>
    reaches(deployed, SOME_S3_ADDRESS, 53) &&
    reaches(deployed, SOME_S3_ADDRESS, 443) &&
    !NODE_METADATA.some((address) => reaches(deployed, address, 80) || reaches(deployed, address, 443)),
} satisfies Record<string, (deployed: Deployed) => boolean>;

/** What has to hold between Deployments: each shows pictures, and one takes uploads in where there are any. */
export const RULES_BETWEEN = {
  'one of them takes uploads in, the others show them': (all) =>
    takers(all).length === (all.some(({ config }) => config.uploads) ? 1 : 0) &&
    all.every(({ config }) => config.uploads?.bucket === all[0]?.config.uploads?.bucket),
  'what one takes in the others can show': ([first, ...others]) => others.every((other) => showsTheSame(first, other)),
  'they have the same keys of uploads': (all) =>
    areAllSame(all.map(({ container }) => keyOf(container, 'UPLOADS_KEYS'))),
  'who uploads is known to who takes uploads in alone': (all) =>
    all.every((one) => takers(all).includes(one) || !takers(all).some((taker) => sharesSecret(one, taker))),
  'each has an account and a role of its own': (all) =>
    areAllOther(all.map(({ pod }) => pod.serviceAccountName)) &&
    areAllOther(all.map(({ account }) => account?.metadata?.annotations?.[ROLE] ?? account?.metadata?.name)),
  'each has pods of its own': (all) =>
    all.every((one) =>
      all.every((other) => one === other || !selectors(one).some((selector) => finds(selector ?? {}, other.labels))),
    ),
  'uploads lead to who takes them in, the rest to who shows pictures': (all) =>
    all.length === 1 ||
    all.every((one) =>
      same(
        all[0]?.ingressPaths.filter(({ backend }) => leadsTo(backend, one)).map(({ path: from }) => from),
        takers(all).includes(one) ? [UPLOADS_PREFIX] : ['/'],
      ),
    ),
  'the load balancer asks the management port who is ready': ([first]) =>
    first?.ingress === undefined || asksWhoIsReady(first),
} satisfies Record<string, (all: readonly Deployed[]) => boolean>;

/** The rules that manifests break, by their names; or the one line for which the service would not start with them. */
export function brokenRules(manifests: readonly Manifest[]): readonly string[] {
  try {
    const all = readDeployed(manifests);
    const each = Object.entries(RULES).filter(([, holds]) => !all.every(holds));
    const between = Object.entries(RULES_BETWEEN).filter(([, holds]) => !holds(all));
    return [...each, ...between].map(([rule]) => rule);
  } catch (error) {
    return [(error as Error).message];
  }
}

function takers(all: readonly Deployed[]): readonly Deployed[] {
  return all.filter(({ config }) => config.uploads?.servesEndpoints);
}

function canStart(variables: Deployed['variables'], secrets: Readonly<Record<string, string | undefined>>): boolean {
  try {
    readConfig({ ...variables, ...secrets, NODE_ENV: 'production' }, '');
    return true;
  } catch {
    return false;
  }
}

function showsTheSame(first: Deployed | undefined, other: Deployed): boolean {
  const names = Object.keys({ ...first?.variables, ...other.variables });
  const different = names.filter((name) => first?.variables[name] !== other.variables[name]);
  return different.every((name) => MAY_DIFFER.test(name)) && first?.container.image === other.container.image;
}

function keyOf({ env = [] }: IContainer, variable: string): unknown {
  return env.find(({ name }) => name === variable)?.valueFrom?.secretKeyRef;
}

/** Whether it gets all of a Secret whose keys the other gets one by one. */
function sharesSecret({ container: { envFrom = [] } }: Deployed, { container: { env = [] } }: Deployed): boolean {
  const names = env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []);
  return envFrom.some(({ secretRef }) => names.includes(secretRef?.name ?? ''));
}

function leadsTo({ service }: IHTTPIngressPath['backend'], { service: { metadata, spec } }: Deployed): boolean {
  return service?.name === metadata?.name && (spec?.ports ?? []).some(({ name }) => name === service?.port?.name);
}

function asksWhoIsReady({ ingress, config }: Deployed): boolean {
  const annotations = ingress?.metadata?.annotations ?? {};
  return (
    annotations[`${ALB}/healthcheck-port`] === String(config.managementPort) &&
    annotations[`${ALB}/healthcheck-path`] === '/readyz'
  );
}

function areAllSame(values: readonly unknown[]): boolean {
  return values.every((value) => same(value, values[0]));
}

function areAllOther(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}

/** Whether some policy lets the pods open a connection. */
export function reaches({ policies }: Pick<Deployed, 'policies'>, address: string, port: number): boolean {
  return policies
    .flatMap(({ spec }) => spec?.egress ?? [])
    .filter(({ ports }) => ports === undefined || ports.some((allowed) => allowed.port === port))
    .some(({ to }) => to === undefined || to.some((peer) => includes(peer, address)));
}

type Peer = NonNullable<INetworkPolicyEgressRule['to']>[number];

function includes({ ipBlock }: Peer, address: string): boolean {
  if (!ipBlock) return false;
  return inRange(ipBlock.cidr, address) && !(ipBlock.except ?? []).some((cidr) => inRange(cidr, address));
}

function inRange(cidr: string, address: string): boolean {
  const [network = '', prefix] = cidr.split('/');
  // A list takes an IPv4 address for its counterpart in IPv6; a policy does not.
  if (isIPv6(network) !== isIPv6(address)) return false;
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family);
  return list.check(address, family);
}

function asks(probe: IProbe | undefined, target: string): boolean {
  return same(probe?.httpGet, { path: target, port: 'management' });
}

function selectors({ deployment, service, budget, policies, pod }: Deployed): readonly Labels[] {
  return [
    deployment.spec?.selector.matchLabels,
    service.spec?.selector,
    budget.spec?.selector?.matchLabels,
    ...policies.map(({ spec }) => spec?.podSelector?.matchLabels),
    ...(pod.topologySpreadConstraints ?? []).map(({ labelSelector }) => labelSelector?.matchLabels),
  ];
}

function finds(selector: NonNullable<Labels>, labels: Labels): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([name, value]) => labels?.[name] === value);
}

function disruptionsAllowed({ autoscaler, deployment, budget }: Deployed): number {
  const fewest = (autoscaler ? autoscaler.spec?.minReplicas : deployment.spec?.replicas) ?? 1;
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  if (maxUnavailable !== undefined) return podsOf(maxUnavailable, fewest);
  return minAvailable === undefined ? 0 : fewest - podsOf(minAvailable, fewest);
}

/** A number of pods, or a share of them, which Kubernetes rounds up. */
function podsOf(value: number | string, pods: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseFloat(value) / 100) * pods);
}

function has(manifests: readonly Manifest[], kind: string, name: string | undefined): boolean {
  return manifests.some((manifest) => manifest.kind === kind && manifest.metadata.name === name);
}

function typeOf({ apiVersion, kind }: IDeployment) {
  return { apiVersion, kind };
}

function same(actual: unknown, expected: unknown): boolean {
  return isDeepStrictEqual(actual, expected);
}
