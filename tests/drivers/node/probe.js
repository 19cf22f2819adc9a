// node's pg: what an application does with it, against the server that PGHOST, PGPORT, PGUSER and PGDATABASE name.
const assert = require('assert');
const { Client, Pool } = require('pg');
const Cursor = require('pg-cursor');
const copy = require('pg-copy-streams');
const { pipeline } = require('stream/promises');
const { Readable } = require('stream');

function check(what, found, expected) {
  assert.deepStrictEqual(found, expected, what);
  console.log('ok', what);
}

(async () => {
  const client = new Client();
  await client.connect();
  await client.query('drop table if exists node_probe');
  await client.query('create table node_probe (id int primary key, t text, n numeric(10,2), b bool, ts timestamptz, raw bytea, a int[], big int8)');
  const ts = new Date(Date.UTC(2024, 1, 29, 12, 0, 0));
  const row = [1, 'né', '12.50', true, ts, Buffer.from([0, 255]), [1, 2], '9007199254740993'];
  await client.query('insert into node_probe values ($1,$2,$3,$4,$5,$6,$7,$8)', row);
  const text = await client.query({ text: 'select * from node_probe', rowMode: 'array' });
  check('row', text.rows[0], row);
  const binary = await client.query({ text: 'select id, t, b, big from node_probe', rowMode: 'array', binary: true });
  check('binary row', binary.rows[0].slice(0, 3), [1, 'né', true]);
  for (let n = 2; n <= 300; n++) await client.query({ name: 'ins', text: 'insert into node_probe (id, t) values ($1, $2)', values: [n, String(n)] });
  check('prepared', (await client.query('select count(*)::int as c from node_probe')).rows, [{ c: 300 }]);
  await pipeline(Readable.from(['1000\ta\n1001\tb\n']), client.query(copy.from('copy node_probe (id, t) from stdin')));
  let out = '';
  for await (const chunk of client.query(copy.to("copy (select id, t from node_probe where id >= 1000 order by id) to stdout csv"))) out += chunk;
  check('copy', out, '1000,a\n1001,b\n');
  const cursor = client.query(new Cursor('select id from node_probe order by id'));
  check('cursor', (await cursor.read(3)).map((r) => r.id), [1, 2, 3]);
  await cursor.close();
  const several = await client.query('select 1 as a; select 2 as b');
  check('several statements', several.map((r) => r.rows), [[{ a: 1 }], [{ b: 2 }]]);
  await client.query('begin');
  const failed = await client.query('insert into node_probe (id) values (1)').catch((e) => e);
  check('error', [failed.code, failed.constraint, failed.detail], ['23505', 'node_probe_pkey', 'Key (id)=(1) already exists.']);
  const aborted = await client.query('select 1').catch((e) => e);
  check('aborted', aborted.code, '25P02');
  await client.query('rollback');
  const notices = [];
  client.on('notice', (n) => notices.push(n.message));
  await client.query('drop table if exists node_nowhere');
  check('notice', notices, ['table "node_nowhere" does not exist, skipping']);
  const other = new Client();
  await other.connect();
  const note = new Promise((resolve) => other.on('notification', resolve));
  await other.query('listen probe');
  await client.query("notify probe, 'hello'");
  check('notify', (await note).payload, 'hello');
  const sleeping = other.query('select pg_sleep(20)').catch((e) => e);
  await client.query('select pg_sleep(0.2)');
  await client.query('select pg_cancel_backend($1)', [other.processID]);
  check('cancel', (await sleeping).code, '57014');
  await other.end();
  const pool = new Pool({ max: 4 });
  const many = await Promise.all([...Array(20).keys()].map((n) => pool.query('select $1::int as n', [n])));
  check('pool', many.map((r) => r.rows[0].n), [...Array(20).keys()]);
  await pool.end();
  await client.query('drop table node_probe');
  await client.end();
})().catch((e) => { console.error(e); process.exit(1); });
