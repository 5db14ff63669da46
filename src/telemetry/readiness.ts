/** Why the service is not ready; empty when it is. */
export interface Readiness {
  readonly reasons: readonly string[];
  /** Sets or lifts the reason of one kind. */
  report(kind: string, reason: string | undefined): void;
}

export function createReadiness(initial: Readonly<Record<string, string>>): Readiness {
  const byKind = new Map<string, string>(Object.entries(initial));
  return {
    get reasons() {
      return [...byKind.values()];
    },
    report(kind, reason) {
      if (reason === undefined) byKind.delete(kind);
      else byKind.set(kind, reason);
    },
  };
}
