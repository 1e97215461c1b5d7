// One part of a table's traffic, run in the mount: node table_services.mjs PART SECONDS. Prints
// what it did as one JSON object; ends with 1 and the reason when the table broke a promise.
//
// A Hive-partitioned table, day=…/*.parquet, with the columns id, source, revision, amount. Ids of
// a source have no gaps, and progress/ holds how far each writer came, changed in the commit that
// brings the rows: every version says by itself what must be in it.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const { DuckDBInstance } = createRequire(import.meta.url)('@duckdb/node-api');

const SEED_DAYS = ['day=2026-01-01', 'day=2026-01-02', 'day=2026-01-03', 'day=2026-01-04'];
const SEED_FILES = 6;
const SEED_ROWS = 200; // a file
const INGEST_ROWS = 500; // a commit
const INGEST_PAUSE_MS = 200;
const COMMITS_A_DAY = 10;
const LATE_ROWS = 100; // a backfill
const SMALL_BYTES = 64 * 1024;
const WORTH_PACKING = 3; // small files
const FIRST_ID = { seed: 0, ingest: 1e9, backfill: 2e9 };

const [part, seconds] = [process.argv[2], Number(process.argv[3])];
const deadline = Date.now() + seconds * 1000;
const timeLeft = () => Date.now() < deadline;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const anyOf = (list) => list[Math.floor(Math.random() * list.length)];
const read = (path) => fs.readFileSync(path, 'utf8').trim();

const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
const sql = async (text) => (await connection.runAndReadAll(text)).getRowsJson();
// The table is asked, not a cache of what it once said.
await sql('SET enable_external_file_cache = false');

function begin(name, operation = 'write') {
  const session = `sessions/${name}`;
  fs.mkdirSync(session);
  fs.writeFileSync(`${session}/.commitfs/operation`, `${operation}\n`);
  return session;
}

/// The categories of the conflicts; nothing when it landed. A refused session is dropped.
function commit(session) {
  const name = session.split('/')[1];
  try {
    fs.renameSync(session, `commit/${name}`);
    return [];
  } catch (error) {
    if (error.code !== 'ECANCELED') throw error;
  }
  const report = JSON.parse(fs.readFileSync(`${session}/.commitfs/conflicts.json`, 'utf8'));
  fs.renameSync(session, `discard/${name}`);
  if (report.conflicts.length === 0) throw new Error(`${name} was refused without a conflict`);
  return [...new Set(report.conflicts.map((conflict) => conflict.category))];
}

const partitions = (view) => fs.readdirSync(view).filter((name) => name.startsWith('day='));
const files = (directory) => fs.readdirSync(directory).map((name) => `${directory}/${name}`);

const newRows = (source, first, count, revision) =>
  `SELECT id, '${source}' AS source, ${revision} AS revision, (id * 7919) % 10007 AS amount
   FROM (SELECT ${FIRST_ID[source] + first} + i AS id FROM range(${count}) t(i))`;
const write = (rows, path) => sql(`COPY (${rows}) TO '${path}' (FORMAT parquet)`);

async function seed() {
  const session = begin('seed');
  fs.mkdirSync(`${session}/progress`);
  fs.writeFileSync(`${session}/progress/ingest`, '0\n');
  for (const [d, day] of SEED_DAYS.entries()) {
    fs.mkdirSync(`${session}/${day}`);
    fs.writeFileSync(`${session}/progress/${day}`, '0\n');
    for (let f = 0; f < SEED_FILES; ++f) {
      const rows = newRows('seed', (d * SEED_FILES + f) * SEED_ROWS, SEED_ROWS, 0);
      await write(rows, `${session}/${day}/seed-${f}.parquet`);
    }
  }
  if (commit(session).length > 0) throw new Error('nobody else writes yet');
  return {};
}

/// A file a commit, into the newest partition. May never be refused.
async function ingest() {
  let landed = 0;
  let longestMs = 0;
  for (; timeLeft(); ++landed, await sleep(INGEST_PAUSE_MS)) {
    const date = new Date(Date.UTC(2026, 1, 1 + Math.floor(landed / COMMITS_A_DAY)));
    const session = begin(`ingest-${landed}`);
    const directory = `${session}/day=${date.toISOString().slice(0, 10)}`;
    fs.mkdirSync(directory, { recursive: true });
    const rows = newRows('ingest', landed * INGEST_ROWS, INGEST_ROWS, 0);
    await write(rows, `${directory}/part-${landed}.parquet`);
    fs.writeFileSync(`${session}/progress/ingest`, `${landed + 1}\n`);
    const start = Date.now();
    const conflicts = commit(session);
    longestMs = Math.max(longestMs, Date.now() - start);
    if (conflicts.length > 0) throw new Error(`the ingest was refused: ${conflicts}`);
  }
  return { landed, rows: landed * INGEST_ROWS, longest_commit_ms: longestMs };
}

/// Rewrites all files of an old partition with a higher revision and adds a file of late rows.
/// Refused, it does the same again on a fresh session.
async function backfill() {
  const result = { landed: 0, refused: 0, categories: [] };
  for (let attempt = 0; timeLeft(); ++attempt, await sleep(50)) {
    const day = SEED_DAYS[result.landed % SEED_DAYS.length];
    const session = begin(`backfill-${attempt}`);
    const revision = Number(read(`${session}/progress/${day}`)) + 1;
    for (const path of files(`${session}/${day}`)) {
      await write(`SELECT * REPLACE (${revision} AS revision) FROM '${path}'`, path);
    }
    const late = newRows('backfill', result.landed * LATE_ROWS, LATE_ROWS, revision);
    await write(late, `${session}/${day}/late-${revision}.parquet`);
    fs.writeFileSync(`${session}/progress/${day}`, `${revision}\n`);
    count(result, commit(session));
  }
  return result;
}

function count(result, conflicts) {
  conflicts.length === 0 ? ++result.landed : ++result.refused;
  result.categories = [...new Set([...result.categories, ...conflicts])];
}

/// Packs the small files of a partition into one. Every third is slow: it waits until a backfill of
/// its partition has landed, and must then be refused.
async function compaction() {
  const result = { landed: 0, refused: 0, overtaken: 0, packed: 0, categories: [] };
  for (let attempt = 0; timeLeft(); ++attempt, await sleep(50)) {
    const session = begin(`compaction-${attempt}`, 'rewrite');
    const slow = attempt % 3 === 0;
    const day = anyOf(slow || attempt % 3 === 1 ? SEED_DAYS : partitions(session));
    const small = files(`${session}/${day}`).filter((f) => fs.statSync(f).size < SMALL_BYTES);
    if (small.length < WORTH_PACKING) {
      fs.renameSync(session, `discard/compaction-${attempt}`);
      continue;
    }
    const list = small.map((path) => `'${path}'`).join(', ');
    await write(`SELECT id, source, revision, amount FROM read_parquet([${list}])`,
                `${session}/${day}/packed-${attempt}.parquet`);
    small.forEach((path) => fs.unlinkSync(path));

    const progress = `progress/${day}`;
    const overtaken = () =>
      SEED_DAYS.includes(day) && read(`live/${progress}`) !== read(`${session}/${progress}`);
    while (slow && timeLeft() && !overtaken()) await sleep(20);
    const mustYield = overtaken();
    const conflicts = commit(session);
    if (mustYield && conflicts.length === 0) throw new Error(`${session} landed over a backfill`);
    result.overtaken += Number(mustYield);
    if (conflicts.length === 0) result.packed += small.length;
    count(result, conflicts);
  }
  return result;
}

/// Reads a whole view and says what is wrong in it.
async function faults(view) {
  await sql(`CREATE OR REPLACE TEMP TABLE seen AS SELECT * FROM read_parquet(
    '${view}/day=*/*.parquet', hive_partitioning = true, hive_types_autocast = false)`);
  const revisions = Object.fromEntries(
    SEED_DAYS.map((day) => [day, Number(read(`${view}/progress/${day}`))]));
  const late = Object.values(revisions).reduce((sum, revision) => sum + revision, 0);
  const rows = {
    backfill: late * LATE_ROWS,
    ingest: Number(read(`${view}/progress/ingest`)) * INGEST_ROWS,
    seed: SEED_DAYS.length * SEED_FILES * SEED_ROWS,
  };
  const expected = [];
  for (const [source, n] of Object.entries(rows)) {
    const [first, last] = [FIRST_ID[source], FIRST_ID[source] + n - 1];
    if (n > 0) expected.push([source, n, n, first, last, (n * (first + last)) / 2, 0]);
  }
  const numbers = (table) => table.map(([key, ...rest]) => [key, ...rest.map(Number)]);
  const sources = numbers(await sql(`SELECT source, count(*), count(DISTINCT id), min(id), max(id),
    sum(id), count_if(amount <> (id * 7919) % 10007) FROM seen GROUP BY source ORDER BY source`));
  const days = numbers(await sql(`SELECT 'day=' || day, min(revision), max(revision) FROM seen
    WHERE source <> 'ingest' GROUP BY day ORDER BY day`));
  const expectedDays = Object.entries(revisions).map(([day, n]) => [day, n, n]);
  return [[expected, sources], [expectedDays, days]]
    .map(([want, got]) => [JSON.stringify(want), JSON.stringify(got)])
    .filter(([want, got]) => want !== got)
    .map(([want, got]) => `${view}: expected ${want}, read ${got}`);
}

async function checkSnapshot(version) {
  const wrong = await faults(`snapshots/${version}`);
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
}

/// live/ follows the head: a scan is of one version if no commit landed during it. Of a scan that
/// a commit crossed nothing is known, not even that its files are still there. Returns whether it
/// was of one version.
async function checkLive() {
  const before = fs.readlinkSync('snapshots/latest');
  let wrong;
  try {
    wrong = await faults('live');
  } catch (error) {
    wrong = [String(error)];
  }
  const still = fs.readlinkSync('snapshots/latest') === before;
  if (still && wrong.length > 0) throw new Error(wrong.join('\n'));
  return still;
}

/// One old partition of live/ while the ingest goes on elsewhere. What it is made of never recurs:
/// a backfill raises the revision, a compaction makes a new name. Returns whether it stayed as is.
async function checkLiveDay(day) {
  const state = () => `${read(`live/progress/${day}`)} ${fs.readdirSync(`live/${day}`)}`;
  const before = state();
  let got;
  try {
    [got] = await sql(`SELECT count(*), count(DISTINCT id), min(revision), max(revision),
      count_if(amount <> (id * 7919) % 10007) FROM 'live/${day}/*.parquet'`);
  } catch (error) {
    got = [String(error)];
  }
  if (state() !== before) return false;
  const revision = parseInt(before);
  const rows = SEED_FILES * SEED_ROWS + revision * LATE_ROWS;
  const expected = [rows, rows, revision, revision, 0];
  if (String(got) !== String(expected)) {
    throw new Error(`live/${day}: expected ${expected}, read ${got}`);
  }
  return true;
}

async function reader() {
  const result = { snapshots: 0, live: 0, live_crossed: 0, live_days: 0, live_days_crossed: 0 };
  for (let newest = 0, ingested = 0; timeLeft(); await sleep(20)) {
    const version = Number(fs.readlinkSync('snapshots/latest'));
    const batches = Number(read('live/progress/ingest'));
    if (version < newest || batches < ingested) throw new Error('the head went back');
    [newest, ingested] = [version, batches];
    await checkSnapshot(version);
    await checkSnapshot(2 + Math.floor(Math.random() * (version - 1))); // 1 is the empty table
    result.snapshots += 2;
    (await checkLive()) ? ++result.live : ++result.live_crossed;
    for (const day of SEED_DAYS) {
      (await checkLiveDay(day)) ? ++result.live_days : ++result.live_days_crossed;
    }
  }
  return result;
}

/// When all is quiet: every version for SECONDS, newest first, and live/.
async function audit() {
  if (!(await checkLive())) throw new Error('somebody still writes');
  const head = Number(fs.readlinkSync('snapshots/latest'));
  let version = head;
  for (; version > 1 && timeLeft(); --version) await checkSnapshot(version);
  const [[rows]] = await sql(`SELECT count(*) FROM 'live/day=*/*.parquet'`);
  return { head, snapshots: head - version, rows: Number(rows),
           ingested: Number(read('live/progress/ingest')) };
}

const parts = { seed, ingest, backfill, compaction, reader, audit };
try {
  console.log(JSON.stringify(await parts[part]()));
} catch (error) {
  console.error(`${part}: ${error.stack}`);
  process.exitCode = 1;
}
