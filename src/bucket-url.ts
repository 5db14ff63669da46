/** Where in S3 something lies. */
export interface BucketPlace {
  readonly bucket: string;
  /** What every key is prepended with, without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
}

/** The place that `s3://bucket/prefix` names. */
export function bucketPlace({ hostname, pathname }: URL): BucketPlace {
  return { bucket: hostname, prefix: decodeURIComponent(pathname).replace(/^\/+|(?<!\/)\/+$/g, '') };
}
