export default defineNuxtConfig({
  compatibilityDate: '2026-01-01',
  modules: ['@nuxt/image'],
  image: {
    provider: 'lambent',
    providers: {
      lambent: {
        provider: 'lambent/nuxt',
        options: { base: process.env.IMAGES_URL ?? 'http://127.0.0.1:3000' },
      },
    },
    screens: { xs: 320, sm: 640, md: 960, lg: 1280 },
    densities: [1, 2],
  },
  devtools: { enabled: false },
  app: { head: { title: 'Lambent with Nuxt', htmlAttrs: { lang: 'en' } } },
});
