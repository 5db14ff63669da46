import { readFileSync, writeFileSync } from 'node:fs';

/** Whether the kernel tells CPU time and memory of other processes, as Linux does. */
export const HAS_PROC = process.platform === 'linux';

// USER_HZ: what /proc counts in, on every architecture that Node.js runs on.
const TICKS_PER_SECOND = 100;

/** CPU seconds, in user and kernel together, that processes and their children have used; NaN where nobody tells. */
export function cpuSeconds(pid) {
  if (!HAS_PROC) return Number.NaN;
  // The name, in parentheses, may hold spaces and parentheses itself.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '');
  const [utime, stime] = stat.split(' ').slice(11, 13).map(Number);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return children.reduce((sum, child) => sum + cpuSeconds(child), (utime + stime) / TICKS_PER_SECOND);
}

/** Resident memory now, in megabytes. */
export function rss(pid) {
  return status(pid, 'VmRSS');
}

/** Makes the peak begin again at what is resident now (proc(5), clear_refs: 5). */
export function resetPeak(pid) {
  if (HAS_PROC) writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Most resident memory there was since the start or the last reset, in megabytes. */
export function peakRss(pid) {
  return status(pid, 'VmHWM');
}

function status(pid, name) {
  if (!HAS_PROC) return Number.NaN;
  const [, kilobytes] = new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kilobytes) / 1024;
}
