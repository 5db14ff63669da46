/**
 * `src/request/problem.ts` for an edge: there is nobody to say what is wrong with a request, and 10 KB for everything. The origin says it.
 */
const refuse = () => ({ problem: {} });

export const [badPath, badValue, besidePresets, givenTwice, onNoRung] = [refuse, refuse, refuse, refuse, refuse];
