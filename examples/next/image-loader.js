import { nextLoader } from 'lambent/next';

export default nextLoader({ base: process.env.IMAGES_URL });
