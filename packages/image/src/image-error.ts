/** What goes wrong while an image is built or sent, as a sentence for the operator and what to do about it. */
export class ImageError extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string, options: ErrorOptions = {}) {
    super(message, options);
    this.name = 'ImageError';
    this.remedy = remedy;
  }
}
