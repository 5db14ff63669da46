import path from 'node:path';

/** @type {import('next').NextConfig} */
export default {
  output: 'export',
  env: { IMAGES_URL: process.env.IMAGES_URL ?? 'http://127.0.0.1:3000' },
  images: {
    loader: 'custom',
    loaderFile: './image-loader.js',
    imageSizes: [160, 320],
    deviceSizes: [640, 960, 1280, 1920, 2560],
    qualities: [60],
  },
  // Here `lambent` is a link to the folder above; a project that installs it needs no root.
  turbopack: { root: path.resolve(import.meta.dirname, '../..') },
};
