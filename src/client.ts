/** What pages and those who render them write URLs with: package export `lambent/client`, without a dependency. */
export { type ImageOptions, imageUrl, type Site } from './client/image-url.ts';
export { type Attributes, type Picture, type PictureOptions, picture } from './client/picture.ts';
export { type SignedOptions, type SigningKey, signedUrl } from './client/signed-url.ts';
export { type Candidate, candidates, type SizedOptions, sizes, srcset } from './client/srcset.ts';
