import { imageUrl } from 'lambent/client';
import Image from 'next/image';

export default function Page() {
  return (
    <main>
      <Image
        id="wide"
        src="/harbour.jpg"
        alt="A harbour, as wide as the page"
        width={2400}
        height={1600}
        sizes="100vw"
        style={{ width: '100%', height: 'auto' }}
        preload
      />
      <Image id="fixed" src="/logo.png" alt="A logo, 160 pixels wide" width={160} height={160} />
      <Image
        id="box"
        src={imageUrl('portrait.jpg', { w: 320, h: 240, pos: 'top' })}
        alt="The top of a portrait, in a box"
        width={320}
        height={240}
        quality={60}
      />
    </main>
  );
}
