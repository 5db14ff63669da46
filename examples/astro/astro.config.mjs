import { defineConfig } from 'astro/config';

export default defineConfig({
  image: {
    service: {
      entrypoint: 'lambent/astro',
      config: { base: process.env.IMAGES_URL ?? 'http://127.0.0.1:3000' },
    },
    breakpoints: [320, 640, 960, 1280, 1920, 2560],
  },
});
