import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import type { IHTTPIngressPath } from 'kubernetes-models/networking.k8s.io/v1/HTTPIngressPath';
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import type { IContainer } from 'kubernetes-models/v1/Container';
import type { INamespace } from 'kubernetes-models/v1/Namespace';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import type { IService } from 'kubernetes-models/v1/Service';
import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { type Config, readConfig } from '../../src/config.ts';
import type { Manifest } from './kustomize.ts';

export type Labels = Readonly<Record<string, string>> | undefined;
export type Variables = Readonly<Record<string, string>>;

/** One Deployment of an overlay as the rules see it, with what belongs to it. */
export interface Deployed {
  readonly manifests: readonly Manifest[];
  readonly deployment: IDeployment;
  readonly labels: Labels;
  readonly pod: IPodSpec;
  readonly container: IContainer;
  readonly account: IServiceAccount | undefined;
  readonly service: IService;
  readonly autoscaler: IHorizontalPodAutoscaler | undefined;
  readonly budget: IPodDisruptionBudget;
  readonly policies: readonly INetworkPolicy[];
  readonly namespace: INamespace;
  /** Of the overlay. */
  readonly ingress: IIngress | undefined;
  readonly ingressPaths: readonly IHTTPIngressPath[];
  /** Of its ConfigMaps. */
  readonly variables: Variables;
  /** As the service reads it in there. */
  readonly config: Config;
}

/** What belongs to one Deployment, which its label says. */
const OF_ONE = ['Service', 'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'NetworkPolicy'];
const LABEL = 'app.kubernetes.io/name';
/** No secret is in a manifest: instead of those that a pod waits for. */
const STAND_INS: Variables = { UPLOADS_KEYS: `k1:${'0a'.repeat(32)}` };

/** The Deployments of an overlay, of which there is one at least. */
export function readDeployed(manifests: readonly Manifest[]): readonly Deployed[] {
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
  if (deployments.length === 0) throw new Error('no Deployment; expected one');
  const names = deployments.map(nameOf);
  const stray = manifests.find((manifest) => OF_ONE.includes(manifest.kind) && !names.includes(nameOf(manifest)));
  if (stray) throw new Error(`${stray.kind} ${stray.metadata.name} is of no Deployment`);
  return deployments.map((deployment) => {
    const own = manifests.filter((manifest) => nameOf(manifest) === nameOf(deployment));
    return readOne(deployment as unknown as IDeployment, own, manifests);
  });
}

function readOne(deployment: IDeployment, own: readonly Manifest[], manifests: readonly Manifest[]): Deployed {
  const { metadata, spec: pod } = deployment.spec?.template ?? {};
  const [container, ...others] = pod?.containers ?? [];
  if (!pod || !container || others.length > 0) throw new Error('expected one container');
  const accounts = all<IServiceAccount>(manifests, 'ServiceAccount');
  const [ingress] = all<IIngress>(manifests, 'Ingress');
  const variables = variablesOf(container, manifests);
  return {
    manifests,
    deployment,
    labels: metadata?.labels,
    pod,
    container,
    account: accounts.find((account) => account.metadata?.name === pod.serviceAccountName),
    service: one(own, 'Service'),
    autoscaler: all<IHorizontalPodAutoscaler>(own, 'HorizontalPodAutoscaler')[0],
    budget: one(own, 'PodDisruptionBudget'),
    policies: all(own, 'NetworkPolicy'),
    namespace: one(manifests, 'Namespace'),
    ingress,
    ingressPaths: (ingress?.spec?.rules ?? []).flatMap(({ http }) => http?.paths ?? []),
    variables,
    config: readConfig({ ...variables, ...secretsOf(container), NODE_ENV: 'production' }, ''),
  };
}

/** Of ConfigMaps, in their order: of what is in two, the last one counts. */
function variablesOf({ envFrom = [] }: IContainer, manifests: readonly Manifest[]): Variables {
  const names = envFrom.map(({ configMapRef }) => configMapRef?.name);
  const configMaps = all<IConfigMap>(manifests, 'ConfigMap');
  const data = names.map((name) => configMaps.find(({ metadata }) => metadata?.name === name)?.data);
  return Object.assign({}, ...data);
}

/** The variables that a pod waits for, with values that would do. */
export function secretsOf({ env = [] }: IContainer): Variables {
  const names = env.flatMap(({ name, valueFrom }) => (valueFrom?.secretKeyRef ? name : []));
  return Object.fromEntries(names.map((name) => [name, STAND_INS[name] ?? '']));
}

function all<T>(manifests: readonly Manifest[], kind: string): readonly T[] {
  return manifests.filter((manifest) => manifest.kind === kind) as unknown as readonly T[];
}

function one<T>(manifests: readonly Manifest[], kind: string): T {
  const [found, ...more] = all<T>(manifests, kind);
  if (found === undefined || more.length > 0) throw new Error(`${more.length + 1} or no ${kind}; expected one`);
  return found;
}

function nameOf({ metadata }: Manifest): string {
  const { labels } = metadata as { readonly labels?: Labels };
  return labels?.[LABEL] ?? '';
}
