/** C0 and C1 control characters and DEL. */
export function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return true;
  }
  return false;
}

/** Marks that turn the direction of writing, with which a name can show itself as another. */
export function hasDirectionMark(text: string): boolean {
  return /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(text);
}
