/** How the service behind reads options: written by `bundle.mjs`, from the environment that it is built in. */
declare module 'lambent:policy' {
  export const POLICY: import('../src/request/canonical-url.ts').UrlPolicy;
}
