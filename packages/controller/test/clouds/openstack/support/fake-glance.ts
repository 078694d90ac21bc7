import { randomUUID } from 'node:crypto';
import { type Answer, type Asked, FakeService } from './fake-service.ts';

interface Image {
  id: string;
  /** `queued` until there is content, then `active`. */
  status: string;
  tags: string[];
  owner: string;
  /** Of all images, which was when. */
  created: number;
}

/** The project of `FakeKeystone`'s logins. */
const OWNER = 'service';

/** Version 2 of the image API, as far as images are made, filled, listed and deleted. */
export class FakeGlance extends FakeService {
  readonly images = new Map<string, Image>();
  #created = 0;

  protected answer({ method, body }: Asked, { pathname, searchParams }: URL): Answer {
    const [, id, part] = /^\/v2\/images(?:\/([^/]+))?(?:\/(file))?$/.exec(pathname) ?? [null, null, null];
    if (id === null) return notFound(pathname);
    if (id === undefined) return method === 'POST' ? this.#make(body) : this.#list(searchParams);
    const image = this.images.get(id);
    if (image === undefined) return notFound(id);
    if (method === 'PUT' && part === 'file') image.status = 'active';
    else if (method === 'DELETE') this.images.delete(id);
    return { status: 204 };
  }

  #make(body: unknown): Answer {
    const { tags = [] } = body as { tags?: string[] };
    const image: Image = { id: randomUUID(), status: 'queued', tags, owner: OWNER, created: this.#created++ };
    this.images.set(image.id, image);
    return { status: 201, body: image };
  }

  #list(query: URLSearchParams): Answer {
    const wanted = (image: Image): boolean =>
      query.getAll('tag').every((tag) => image.tags.includes(tag)) &&
      [image.status, null].includes(query.get('status')) &&
      [image.owner, null].includes(query.get('owner'));
    const images = [...this.images.values()].filter(wanted).sort((a, b) => b.created - a.created);
    if (query.get('sort') !== 'created_at:desc') images.reverse();
    return { status: 200, body: { images: images.slice(0, Number(query.get('limit') ?? 25)) } };
  }
}

const notFound = (what: string): Answer => ({
  status: 404,
  body: `<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1>No image found with ID ${what}<br /><br /></body></html>`,
});
