import { type Answer, ErrataClient, type Request, rowsOf } from './client';
import { problemOf, wasFaster } from './problem';

function clientWith(answer: (request: Request) => Partial<Answer>) {
  const asked: Request[] = [];
  const client = new ErrataClient('uid 1', async (request) => {
    asked.push(request);
    return { data: {}, header: () => null, ...answer(request) };
  });
  return { client, asked };
}

const RESOURCES = '/api/datasources/uid/uid%201/resources';

describe('ErrataClient', () => {
  it('sends the tag of what was seen with a change', async () => {
    const { client, asked } = clientWith(() => ({ header: (name) => (name === 'etag' ? '"2-x"' : null) }));
    const { etag } = await client.pattern('ab');
    expect(await client.change('ab', { action: 'status', body: { status: 'open' } }, etag)).toBe('"2-x"');
    expect(asked[1]).toEqual({
      url: `${RESOURCES}/patterns/ab/status`,
      method: 'POST',
      data: { status: 'open' },
      headers: { 'If-Match': '"2-x"' },
    });
  });
  it('keeps ids inside their part of the path', async () => {
    const { client, asked } = clientWith(() => ({ data: { items: [] } }));
    await client.events('../x?y');
    expect(asked[0].url).toBe(`${RESOURCES}/patterns/..%2Fx%3Fy/events`);
  });
  it('takes an engine without solutions as one that has none yet', async () => {
    const { client } = clientWith(() => {
      throw { status: 404, data: { detail: 'there is nothing' } };
    });
    expect(await client.solutions('ab')).toEqual([]);
  });
  it('tells other failures of solutions', async () => {
    const { client } = clientWith(() => {
      throw { status: 502 };
    });
    await expect(client.solutions('ab')).rejects.toEqual({ status: 502 });
  });
  it.each(["a' OR 1=1 --", '', 'AB'])('makes no SQL of %s, which is no id', async (id) => {
    const { client, asked } = clientWith(() => ({}));
    await expect(async () => client.fingerprints(id)).rejects.toThrow('is no pattern id');
    expect(asked).toEqual([]);
  });
  it('reads rows of SQL', async () => {
    const { client } = clientWith(() => ({
      data: {
        results: {
          A: {
            frames: [
              {
                schema: { fields: [{ name: 'fingerprint' }, { name: 'occurrences' }] },
                data: {
                  values: [
                    ['f', 'g'],
                    [2, 1],
                  ],
                },
              },
            ],
          },
        },
      },
    }));
    expect(await client.fingerprints('ab')).toEqual([
      { fingerprint: 'f', occurrences: 2 },
      { fingerprint: 'g', occurrences: 1 },
    ]);
  });
});

describe('rowsOf', () => {
  it('throws what the backend says', () =>
    expect(() => rowsOf({ results: { A: { error: 'no column x' } } })).toThrow('no column x'));
  it.each([[{}], [{ results: {} }], [{ results: { A: { frames: [] } } }]])('finds no rows in %j', (data) =>
    expect(rowsOf(data)).toEqual([])
  );
});

describe('problemOf', () => {
  it.each([
    [
      { status: 409, data: { detail: 'undo that first', code: 'conflict' } },
      { status: 409, code: 'conflict', text: 'undo that first' },
    ],
    [
      { status: 500, data: { message: 'Grafana says no' } },
      { status: 500, code: undefined, text: 'Grafana says no' },
    ],
    [new Error('broken'), { status: 0, code: undefined, text: 'broken' }],
    ['broken', { status: 0, text: 'broken' }],
    [{ status: 503 }, { status: 503, code: undefined, text: 'the data source answered 503' }],
    [{}, { status: 0, code: undefined, text: 'the data source cannot be reached' }],
  ])('reads %j', (error, expected) => expect(problemOf(error)).toEqual(expected));
  it('knows that somebody was faster', () => expect(wasFaster(problemOf({ status: 412 }))).toBe(true));
});
