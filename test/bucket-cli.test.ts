import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import { BLOCKED, startBucket } from './support/bucket-settings.ts';
import { PLAIN_NODE, ROOT } from './support/process.ts';

t.test('from the command line', async (t) => {
  const { s3, env, cors, block } = await startBucket(t);
  const lambent = async (args: readonly string[], more: Record<string, string> = {}) => {
    const { SOURCE: _source, ...rest } = env;
    const options = { cwd: ROOT, env: { ...process.env, ...rest, UPLOADS_BUCKET: `s3://${s3.bucket}`, ...more } };
    const [file, ...node] = PLAIN_NODE;
    const done = promisify(execFile)(file, [...node, 'dist/cli.js', ...args], options);
    const {
      stdout,
      stderr,
      code = 0,
    } = (await done.catch((error: unknown) => error)) as {
      stdout: string;
      stderr: string;
      code?: number;
    };
    return { stdout, code, complaint: /^lambent: .*$/m.exec(stderr)?.[0] };
  };
  const checked = await lambent(['bucket-check']);
  t.match(checked, { code: 1, stdout: /^missing {7}CORS rule lambent-uploads\n/ });
  const dry = await lambent([
    'bucket-setup',
    '--dry-run',
    '--origin',
    'https://a.example',
    '--origin',
    'https://b.example',
  ]);
  t.match(dry.stdout, /^would be put {2}CORS rule lambent-uploads \{.*"https:\/\/a\.example","https:\/\/b\.example"/);
  await block(BLOCKED);
  t.match(await lambent(['bucket-setup'], { CORS_ORIGINS: 'https://c.example, https://d.example' }), { code: 0 });
  t.match(await cors(), [{ AllowedOrigins: ['https://c.example', 'https://d.example'] }]);
  t.match(await lambent(['bucket-check'], { CORS_ORIGINS: 'https://d.example,https://c.example' }), {
    code: 0,
    stdout: /^there {9}CORS rule lambent-uploads\n(?:there {9}.+\n){3}$/,
  });
  t.match(await lambent(['bucket-check', '--origin', 'https://c.example']), { code: 1 });
  t.match(await lambent(['bucket-setup', '--cloudformation']), { code: 0, stdout: /"AWS::S3::Bucket"/ });
  t.match(await lambent(['bucket-setup', '--terraform']), { code: 0, stdout: /"aws_s3_bucket_cors_configuration"/ });
  t.match(await lambent(['bucket-setup', '--origin', 'https://app.example?a']), {
    code: 1,
    complaint: /--origin is "https:\/\/app.example\?a"/,
  });
  t.match(await lambent(['bucket-setup', 'operand']), { code: 1 });
  t.match(await lambent(['bucket-check'], { UPLOADS_BUCKET: '' }), { code: 1, complaint: /UPLOADS_BUCKET is not set/ });
});
