import { fileURLToPath } from 'node:url';
import { harbour } from './draw/harbour.mjs';
import { logo } from './draw/logo.mjs';
import { orbit } from './draw/orbit.mjs';
import { portrait } from './draw/portrait.mjs';
import { tiles } from './draw/tiles.mjs';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));

const PICTURES = {
  'harbour.jpg': harbour,
  'portrait.jpg': portrait,
  'logo.png': logo,
  'orbit.gif': orbit,
  'tiles.webp': tiles,
};

const wanted = process.argv.slice(2);
for (const [name, draw] of Object.entries(PICTURES))
  if (wanted.length === 0 || wanted.includes(name)) await (await draw()).toFile(file(name));
