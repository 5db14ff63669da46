import { ServiceError } from '../errors.ts';

/** Gives back what was taken; more than once does nothing. */
export type Release = () => void;

export interface AdmissionOptions {
  /** Cost that can be at work at once. */
  readonly capacity: number;
  /** Jobs that can wait at most; one more is refused at once. */
  readonly queueLength: number;
}

/** Bounded work: a place is waited for in order of arrival, for as long as the signal lasts. */
export interface Admission {
  /**
   * Takes a place of the given cost, at most the whole capacity. Throws `overloaded` when the queue is full, and the signal's
   * reason when it aborts before there is a place: who has left the queue costs nothing more.
   */
  enter(cost: number, signal: AbortSignal): Promise<Release>;
  readonly active: number;
  readonly waiting: number;
}

interface Waiter {
  readonly cost: number;
  readonly admit: () => void;
}

export function createAdmission({ capacity, queueLength }: AdmissionOptions): Admission {
  const queue = new Set<Waiter>();
  let active = 0;

  function take(cost: number): Release {
    active += cost;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      active -= cost;
      admitWaiting();
    };
  }

  // First come, first served, also for who needs more: small jobs that slip past would keep a large one out for ever.
  function admitWaiting(): void {
    for (const waiter of queue) {
      if (active + waiter.cost > capacity) return;
      queue.delete(waiter);
      waiter.admit();
    }
  }

  function wait(cost: number, signal: AbortSignal): Promise<Release> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        queue.delete(waiter);
        reject(signal.reason);
        admitWaiting();
      };
      const admit = () => {
        signal.removeEventListener('abort', leave);
        resolve(take(cost));
      };
      const waiter: Waiter = { cost, admit };
      queue.add(waiter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  return {
    async enter(wanted, signal) {
      signal.throwIfAborted();
      const cost = Math.min(wanted, capacity);
      if (queue.size === 0 && active + cost <= capacity) return take(cost);
      if (queue.size >= queueLength) throw new ServiceError('overloaded');
      return await wait(cost, signal);
    },
    get active() {
      return active;
    },
    get waiting() {
      return queue.size;
    },
  };
}

export interface AdmissionObserver {
  /** Seconds waited by who got a place. */
  waited(seconds: number): void;
  /** Turned away because the queue was full. */
  refused(): void;
}

/** The same admission, told of to an observer. */
export function observeAdmission(admission: Admission, observer: AdmissionObserver): Admission {
  return {
    async enter(cost, signal) {
      const asked = performance.now();
      try {
        const release = await admission.enter(cost, signal);
        observer.waited((performance.now() - asked) / 1000);
        return release;
      } catch (error) {
        // What a signal carries when it aborts may be an error of ours too.
        if (error !== signal.reason) observer.refused();
        throw error;
      }
    },
    get active() {
      return admission.active;
    },
    get waiting() {
      return admission.waiting;
    },
  };
}
