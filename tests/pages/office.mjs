// A desk with people who work at it, a wallet on the command line, and browsers to look at both.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import assert from 'node:assert/strict';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { chromium } from 'playwright-core';

const run = promisify(execFile);
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const PASSWORD = 'a password of the tests';
export const ACCOUNTS = [
  ['kim', 'clerk', 'gaon-centre'],
  ['park', 'operator', 'gaon-telecom'],
  ['choi', 'counter', 'corner-shop'],
  ['han', 'administrator', 'gaon-centre', 'clerk'],
];

/** A desk in a folder of its own. `bin` is where the programs are. */
export async function openDesk(bin) {
  const folder = mkdtempSync(join(tmpdir(), 'desk-pages-'));
  const accounts = await Promise.all(
    ACCOUNTS.map(([name, role, office, ...manages]) => {
      const given = manages.flatMap((given) => ['--manages', given]);
      const made = run(join(bin, 'desk'), ['account', '--name', name, '--role', role, '--office', office, ...given]);
      made.child.stdin.end(`${PASSWORD}\n`);
      return made.then(({ stdout }) => stdout);
    }),
  );
  const config = join(folder, 'desk.toml');
  writeFileSync(config, `trust-fixtures = true\nlisten = "127.0.0.1:0"\ndata = ${JSON.stringify(join(folder, 'data'))}\n${accounts.join('')}`);
  const desk = spawn(join(bin, 'desk'), ['serve', '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  desk.stderr.on('data', (text) => (log += text));
  const [url] = await once(createInterface(desk.stdout), 'line');
  return {
    url,
    folder,
    trust: join(folder, 'data'),
    log: () => log,
    async close() {
      const ended = once(desk, 'exit');
      desk.kill('SIGTERM');
      const [code] = await ended;
      rmSync(folder, { recursive: true });
      assert.equal(code, 0, 'SIGTERM ends the desk well');
    },
  };
}

/** A wallet on the command line. */
export function walletOf(bin, desk, name = 'wallet') {
  const home = join(desk.folder, name);
  const env = { ...process.env, WALLET_PASSPHRASE: 'only for this test', LC_ALL: 'C.UTF-8' };
  const wallet = (...words) => run(join(bin, 'wallet'), [...words, '--home', home, '--lang', 'en'], { env });
  let shows = 0;
  return {
    accept: (code, digits) =>
      wallet('accept', code, '--digits', digits, '--yes', '--issuer', desk.url, '--trust', desk.trust),
    /** Opens a portal's link; gives the address that a browser has to open. */
    async open(link) {
      const opened = await wallet('accept', link, '--yes', '--issuer', desk.url, '--trust', desk.trust, '--json');
      return JSON.parse(opened.stdout).sign_in;
    },
    /** Goes on where the browser was sent back to; gives the card. */
    goOn: async (...url) => JSON.parse((await wallet('continue', ...url, '--yes', '--json')).stdout).card,
    /** What an app does in the background: a locked wallet hears that it is. */
    refresh: () => wallet('refresh', '--json').catch(() => undefined),
    cards: async () => JSON.parse((await wallet('list', '--json')).stdout).cards,
    /** Shows a code; gives its text and the picture of it. */
    async show(...words) {
      const out = join(desk.folder, `show-${shows++}`);
      await wallet('show', '--once', '--yes', '--out', out, ...words);
      return { text: readFileSync(join(out, 'frame.txt'), 'utf8').trim(), picture: join(out, 'frame.png') };
    },
  };
}

/** Chromium, told to leave the network alone. */
export function openChromium(folder) {
  const args = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
  ];
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args, env: { ...process.env, HOME: folder } });
}

/** A browser window in which nothing may go wrong unseen: no script error, no refused load, no word to another host. */
export async function openWindow(browser, desk, options = {}) {
  const context = await browser.newContext({ baseURL: desk.url, locale: 'ko-KR', viewport: { width: 1120, height: 900 }, ...options });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('console', (message) => {
    // A page that is refused on purpose is an answer, not a fault.
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) faults.push(message.text());
  });
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== 'data:' && origin !== desk.url && !options.strangers) faults.push(`asked ${request.url()}`);
  });
  return { page, context, faults };
}

export async function signIn(page, name, password = PASSWORD) {
  await page.goto('/sign-in');
  await page.fill('#account', name);
  await page.fill('#password', password);
  await page.click('main button[type=submit]');
  await page.waitForURL((url) => url.pathname !== '/sign-in');
}

/** The text of the code in a screenshot, by a decoder of another author. */
export async function codeOnScreen(page) {
  const { data, width, height } = PNG.sync.read(await page.screenshot({ fullPage: true, scale: 'device' }));
  const found = jsQR(new Uint8ClampedArray(data), width, height);
  assert.ok(found, 'a code is on the screen');
  return found.data;
}

/** No barrier that axe-core knows of, in light and dark, wide and narrow; nothing to scroll sideways. */
export async function seesNoBarrier(page, name) {
  const size = page.viewportSize();
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const width of [size.width, 360]) {
      await page.setViewportSize({ width, height: size.height });
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
      const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
      assert.deepEqual(told, [], `${name}, ${colorScheme}, ${width}`);
      const over = await page.evaluate(() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth);
      assert.equal(over, 0, `${name} is ${over} pixels too wide at ${width}`);
    }
  }
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: 'light' });
}
