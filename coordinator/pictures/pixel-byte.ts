/** How a value of an image, in [-1, 1], is shown: 0 to 255. What is outside is black or white, what is not a number black. */
export function pixelByte(value: number): number {
  return Math.round(Math.min(255, Math.max(0, (value + 1) * 127.5))) || 0;
}
