/** Items that wait to be sent, each once, and the orders that wait for them. */
export interface Waiting {
  readonly size: number;
  items(): readonly string[];
  /** How many of them do not wait yet. */
  fresh(items: readonly string[]): number;
  /** Resolves when all of them have been, and rejects as soon as one of them will not be. */
  add(items: readonly string[]): Promise<void>;
  /** The first of them, at most so many; they wait there from now on. */
  take(most: number): Waiting;
  /** All of them have been. */
  resolve(): void;
  /** None of them will be. */
  reject(reason: unknown): void;
}

interface Order {
  /** Items of it that have not been. */
  left: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export function createWaiting(orders = new Map<string, Order[]>()): Waiting {
  function each(tell: (order: Order) => void): void {
    for (const some of orders.values()) for (const order of some) tell(order);
    orders.clear();
  }

  return {
    get size() {
      return orders.size;
    },
    items: () => [...orders.keys()],
    fresh: (items) => items.filter((item) => !orders.has(item)).length,
    add(items) {
      if (items.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const order = { left: items.length, resolve, reject };
        for (const item of items) {
          const others = orders.get(item);
          if (others) others.push(order);
          else orders.set(item, [order]);
        }
      });
    },
    take(most) {
      const first = [...orders].slice(0, most);
      for (const [item] of first) orders.delete(item);
      return createWaiting(new Map(first));
    },
    resolve: () =>
      each((order) => {
        order.left--;
        if (order.left === 0) order.resolve();
      }),
    reject: (reason) => each((order) => order.reject(reason)),
  };
}
