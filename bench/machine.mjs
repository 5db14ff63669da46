import os from 'node:os';
import sharp from 'sharp';

/** Above it, somebody else is at work and figures are lower than they could be. */
const QUIET_LOAD = 0.5;

/** To be called before anything is started: the load average is that of others. */
export function describeMachine() {
  const [load] = os.loadavg();
  const facts = {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGb: Number((os.totalmem() / 2 ** 30).toFixed(1)),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.versions.node,
    sharp: sharp.versions.sharp,
    libvips: sharp.versions.vips,
    load: Number(load.toFixed(2)),
  };
  const warning =
    load > QUIET_LOAD
      ? `The load average was ${facts.load} at the start, above ${QUIET_LOAD}: the machine was not idle, and no figure is to be kept.`
      : undefined;
  return { facts, warning };
}
