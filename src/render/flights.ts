import { orAborted } from '../abort.ts';

/** One running computation per key that any number of requests wait for. */
export interface Flights<T> {
  /**
   * Waits for the computation of `key`, starting it when none is running. A waiter whose signal aborts leaves alone; when the
   * last one leaves, the computation's own signal aborts. A failure reaches those who wait now and is not kept.
   */
  join(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<Landed<T>>;
  /** Computations running now. */
  readonly size: number;
}

export interface Landed<T> {
  readonly value: T;
  /** Whether somebody else had started the computation. */
  readonly joined: boolean;
}

interface Flight<T> {
  readonly work: Promise<T>;
  readonly controller: AbortController;
  waiters: number;
}

export function createFlights<T>(): Flights<T> {
  const flights = new Map<string, Flight<T>>();

  function launch(key: string, start: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const flight: Flight<T> = { work: start(controller.signal), controller, waiters: 0 };
    flights.set(key, flight);
    const land = () => forget(key, flight);
    flight.work.then(land, land);
    return flight;
  }

  /** Out of the way at once, so that who comes next does not join what has ended or was given up. */
  function forget(key: string, flight: Flight<T>): boolean {
    return flights.get(key) === flight && flights.delete(key);
  }

  return {
    async join(key, signal, start) {
      signal.throwIfAborted();
      const running = flights.get(key);
      const flight = running ?? launch(key, start);
      flight.waiters++;
      try {
        return { value: await orAborted(flight.work, signal), joined: running !== undefined };
      } finally {
        flight.waiters--;
        if (flight.waiters === 0 && forget(key, flight)) flight.controller.abort(signal.reason);
      }
    },
    get size() {
      return flights.size;
    },
  };
}
