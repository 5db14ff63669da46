import { type Logger, type LoggerOptions, pino } from 'pino';

/** One JSON object a line on standard output; times in ISO 8601. */
export function createLogger(level: string): Logger {
  const options: LoggerOptions = { level, timestamp: pino.stdTimeFunctions.isoTime, base: null };
  return pino(options);
}
