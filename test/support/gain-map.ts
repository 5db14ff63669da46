import { uint16, uint32 } from './big-endian.ts';
import { jpegSegment, withJpegSegments } from './jpeg-blocks.ts';

const GAIN_MAP = 'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"';
const CONTAINER =
  'xmlns:Container="http://ns.google.com/photos/1.0/container/" xmlns:Item="http://ns.google.com/photos/1.0/container/item/"';
const VALUES =
  'hdrgm:GainMapMin="0" hdrgm:GainMapMax="2" hdrgm:Gamma="1" hdrgm:OffsetSDR="0.015625" hdrgm:OffsetHDR="0.015625" hdrgm:HDRCapacityMin="0" hdrgm:HDRCapacityMax="2" hdrgm:BaseRenditionIsHDR="False"';

/**
 * A JPEG followed by a second one, by which a screen that can brightens it; each says what it is in XMP, and an index of
 * both stands in the first (Ultra HDR Image Format 1.1; CIPA DC-007).
 */
export function withGainMap(encoded: Buffer, map: Buffer): Buffer {
  const second = withJpegSegments(map, [xmp(`${GAIN_MAP} ${VALUES}`, '')]);
  const described = xmp(`${GAIN_MAP} ${CONTAINER}`, directory(second.length));
  const before = 2 + described.length;
  const length = encoded.length + described.length + pictureIndex(0, 0, 0).length;
  const index = pictureIndex(length, second.length, length - before - INDEX_HEADER_BYTES);
  return Buffer.concat([withJpegSegments(encoded, [described, index]), second]);
}

/** Marker, length and name of the segment; offsets count from what follows. */
const INDEX_HEADER_BYTES = 8;

function pictureIndex(length: number, secondLength: number, secondOffset: number): Buffer {
  const entries = [uint32(0x030000, length, 0, 0), uint32(0, secondLength, secondOffset, 0)];
  const fields = [
    Buffer.concat([uint16(0xb000, 7), uint32(4), Buffer.from('0100', 'latin1')]),
    Buffer.concat([uint16(0xb001, 4), uint32(1, 2)]),
    Buffer.concat([uint16(0xb002, 7), uint32(32, 50)]),
  ];
  const head = [Buffer.from('MPF\0MM\0*', 'latin1'), uint32(8), uint16(3)];
  return jpegSegment(0xe2, Buffer.concat([...head, ...fields, uint32(0), ...entries]));
}

function directory(secondLength: number): string {
  const item = (what: string) =>
    `<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" ${what}/></rdf:li>`;
  const items = item('Item:Semantic="Primary"') + item(`Item:Semantic="GainMap" Item:Length="${secondLength}"`);
  return `<Container:Directory><rdf:Seq>${items}</rdf:Seq></Container:Directory>`;
}

function xmp(attributes: string, content: string): Buffer {
  const description = `<rdf:Description rdf:about="" ${attributes}>${content}</rdf:Description>`;
  const rdf = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${description}</rdf:RDF>`;
  const packet = `http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/">${rdf}</x:xmpmeta>`;
  return jpegSegment(0xe1, Buffer.from(packet, 'latin1'));
}
