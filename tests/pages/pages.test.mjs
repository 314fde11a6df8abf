// The desk's pages in headless Chromium, with a wallet that reads the codes off the screen.
// Run by ci/pages; BIN is the folder of the programs, SCREENS one for pictures of the pages.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { codeOnScreen, openChromium, openDesk, openWindow, PASSWORD, seesNoBarrier, signIn, walletOf } from './office.mjs';

const BIN = process.env.BIN;
const NUMBER = '900314-2000000';
const LINE = '010-0000-0001';
const APPLICANT = { name: '남도윤', number: '850822-1000000' };
const STRANGER = '010-0000-0002';

let desk, wallet, browser;

before(async () => {
  desk = await openDesk(BIN);
  wallet = walletOf(BIN, desk);
  browser = await openChromium(desk.folder);
});

after(async () => {
  await browser?.close();
  await desk?.close();
});

async function keep(page, name) {
  if (process.env.SCREENS) await page.screenshot({ path: join(process.env.SCREENS, `${name}.png`), fullPage: true });
}

/** A window of somebody who is signed in. */
async function windowOf(name, options) {
  const opened = await openWindow(browser, desk, options);
  await signIn(opened.page, name);
  return opened;
}

async function inEnglish(page) {
  await page.click('nav.languages a[lang=en]');
  await page.waitForSelector('html[lang=en]');
}

test('a clerk makes a code, a wallet reads it off the screen, and the clerk sees it done', async () => {
  const { page, faults } = await openWindow(browser, desk);
  await page.goto('/');
  assert.equal(await page.getAttribute('html', 'lang'), 'ko');
  await seesNoBarrier(page, 'front');
  await page.goto('/sign-in');
  await seesNoBarrier(page, 'sign-in');
  await page.fill('#account', 'kim');
  await page.fill('#password', 'not the password');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[role=alert]');
  await signIn(page, 'kim');
  await seesNoBarrier(page, 'clerk');
  await page.fill('#number', '000000-0000000');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#fault');
  await page.fill('#number', NUMBER);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#who');
  await seesNoBarrier(page, 'resident');
  await keep(page, 'clerk-resident-ko');
  assert.ok(!page.url().includes('2000000'), 'no number in the address');

  await page.check('#visit-seen');
  await page.click('form[action$="/visit"] button');
  await page.waitForSelector('#digits');
  await seesNoBarrier(page, 'code');
  await keep(page, 'clerk-code-ko');
  const digits = (await page.textContent('#digits')).replaceAll(/\s/g, '');
  assert.match(digits, /^\d{6}$/);
  const code = await codeOnScreen(page);
  assert.equal(code, await page.getAttribute('#offer', 'href'));
  const wrong = String((Number(digits) + 1) % 1_000_000).padStart(6, '0');
  await assert.rejects(wallet.accept(code, wrong));
  await page.waitForSelector('#state[data-state=wrong]');
  await wallet.accept(code, digits);
  await page.waitForSelector('#state[data-state=issued]');
  assert.equal(await page.locator('#digits').count(), 0, 'what was used is not shown on');
  await inEnglish(page);
  assert.match(await page.textContent('#state'), /Issued/);
  await assert.rejects(wallet.accept(code, digits), 'a code is good once');

  await page.click('a[href^="/clerk/people/"]');
  await page.waitForSelector('#standing .passed');
  for (const [line, place] of [[STRANGER, '#fault'], [LINE, '#done']]) {
    await page.fill('#phone', line);
    await page.click('form[action$="/line"] button');
    await page.waitForSelector(place);
  }
  await seesNoBarrier(page, 'resident with a phone');
  await keep(page, 'clerk-resident-en');
  assert.deepEqual(faults, []);
});

test('a counter takes a code once, by picture, by scanner, and made for its own sign', async () => {
  const { page, faults } = await windowOf('choi');
  const any = await wallet.show();
  await page.setInputFiles('#picture', any.picture);
  await page.click('form[action="/counter/picture"] button[type=submit]');
  await page.waitForSelector('#verdict[data-accepted=true]');
  await seesNoBarrier(page, 'accepted');
  await keep(page, 'counter-accepted-ko');
  // A scanner types into the field that has the focus, and ends the line.
  assert.equal(await page.evaluate(() => document.activeElement.id), 'code');
  await page.keyboard.insertText(any.text);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#verdict[data-accepted=false]');
  await inEnglish(page);

  await page.click('a[href="/counter/sign"]');
  await page.waitForSelector('h2#names');
  await seesNoBarrier(page, 'sign');
  await keep(page, 'counter-sign-en');
  const sign = await codeOnScreen(page);
  assert.match(sign, /^KD1:/);
  const mine = await wallet.show('--level', 'name_birth', '--desk', sign);
  await page.click('a[href="/counter"]');
  await page.fill('#code', mine.text);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#verdict[data-accepted=true]');
  await page.click('summary');
  assert.match(await page.textContent('tr[data-check=nonce]'), /holds/);
  await keep(page, 'counter-accepted-en');
  assert.deepEqual(faults, []);
});

test('an operator suspends a lost phone and the counter refuses it', async () => {
  const { page, faults } = await windowOf('park');
  await seesNoBarrier(page, 'operator');
  await page.fill('#phone', LINE);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#standing .passed');
  await seesNoBarrier(page, 'line');
  const ready = await wallet.show();
  await page.check('#lost');
  await page.click('form[action$="/suspend"] button');
  await page.waitForSelector('#standing .failed');
  await seesNoBarrier(page, 'suspended');
  await keep(page, 'operator-suspended-ko');

  const counter = await windowOf('choi');
  await inEnglish(counter.page);
  await counter.page.fill('#code', ready.text);
  await counter.page.keyboard.press('Enter');
  await counter.page.waitForSelector('#verdict[data-accepted=false]');
  assert.match(await counter.page.getAttribute('tr[data-check=status] td', 'class'), /failed/);
  await seesNoBarrier(counter.page, 'refused');
  await keep(counter.page, 'counter-refused-en');

  await inEnglish(page);
  await page.goto('/operator');
  await keep(page, 'operator-trail-en');
  await page.fill('#phone', LINE);
  await page.keyboard.press('Enter');
  await page.check('#found');
  await page.click('form[action$="/resume"] button');
  await page.waitForSelector('#standing .passed');
  assert.deepEqual([...faults, ...counter.faults], []);
});

/** Opens a resident's page as somebody who is signed in. */
async function openResident(page, number) {
  await page.goto('/clerk');
  await page.fill('#number', number);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#who');
}

test('a citizen applies at the portal, the wallet follows the link through the browser, and the card is there', async () => {
  const phone = walletOf(BIN, desk, 'portal-wallet');
  const { page, faults } = await openWindow(browser, desk);
  await page.goto('/');
  await page.click('.doors a[href="/portal/sign-in"]');
  await seesNoBarrier(page, 'portal sign-in');
  await page.fill('#name', APPLICANT.name);
  await page.fill('#number', '850822-1000001');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#fault');
  await page.fill('#name', APPLICANT.name);
  await page.fill('#number', APPLICANT.number);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/portal');
  await seesNoBarrier(page, 'portal');
  await keep(page, 'portal-ko');

  const apply = async () => {
    await page.goto('/portal');
    await page.click('form[action="/portal/apply"] button');
    await page.waitForSelector('#offer');
    return page.getAttribute('#offer', 'href');
  };
  /** Opens the link in the wallet, and what that asks for in the browser; gives where the page leads back to. */
  const answer = async (link, word) => {
    const url = await phone.open(link);
    assert.ok(url.startsWith(`${desk.url}/openid/authorize?`), url);
    await page.goto(url);
    await page.waitForSelector('button[name=answer]');
    await seesNoBarrier(page, 'issue this ID?');
    await keep(page, 'portal-question-ko');
    await page.click(`button[name=answer][value=${word}]`);
    await page.waitForSelector('#back');
    return page.getAttribute('#back', 'href');
  };
  let link = await apply();
  await seesNoBarrier(page, 'link');
  await keep(page, 'portal-link-ko');
  assert.equal(await codeOnScreen(page), link, 'a phone reads the link off the screen');
  // Whom nobody has seen gets no card by a link.
  let back = await answer(link, 'yes');
  assert.match(await page.textContent('#outcome'), /주민센터를 방문/);
  await assert.rejects(phone.goOn(back));
  assert.deepEqual(await phone.cards(), []);

  const clerk = await windowOf('kim');
  await openResident(clerk.page, APPLICANT.number);
  await clerk.page.check('#visit-seen');
  await clerk.page.click('form[action$="/visit"] button');
  await clerk.page.waitForSelector('#digits');

  await page.goto('/portal');
  await inEnglish(page);
  link = await apply();
  back = await answer(link, 'no');
  assert.match(await page.textContent('#outcome'), /You said no/);
  await assert.rejects(phone.goOn(back));
  back = await answer(await apply(), 'yes');
  await seesNoBarrier(page, 'back to the wallet');
  const card = await phone.goOn(back);
  assert.equal(card.name, APPLICANT.name);
  assert.equal((await phone.cards()).length, 1);
  assert.equal((await page.goto('/clerk')).url(), `${desk.url}/sign-in`, 'a citizen is no clerk');
  assert.deepEqual([...faults, ...clerk.faults], []);
});

test('a clerk recovers a lost phone and records that the holder moved', async () => {
  const lost = walletOf(BIN, desk, 'portal-wallet');
  const { page, faults } = await windowOf('kim');
  await openResident(page, APPLICANT.number);
  await page.click('#phone-acts summary');
  await page.click('#events summary');
  await seesNoBarrier(page, 'resident, everything open');
  await keep(page, 'clerk-everything-ko');
  await page.check('#recover-seen');
  await page.click('form[action$="/recover"] button');
  await page.waitForSelector('#digits');
  const digits = (await page.textContent('#digits')).replaceAll(/\s/g, '');
  const found = walletOf(BIN, desk, 'new-wallet');
  await found.accept(await codeOnScreen(page), digits);
  await page.waitForSelector('#state[data-state=issued]');
  await lost.refresh();
  await assert.rejects(lost.show(), 'the phone before is locked when it hears of it');

  await inEnglish(page);
  await openResident(page, APPLICANT.number);
  await page.click('#events summary');
  await page.fill('#address', '세종특별자치시 보기로 1');
  await page.check('#details-sure');
  await page.click('form[action$="/details"] button');
  await page.waitForSelector('#done');
  assert.match(await page.textContent('main'), /세종특별자치시 보기로 1/);
  await page.goto('/clerk');
  assert.match(await page.textContent('table'), /Recovered/);
  assert.deepEqual(faults, []);
});

test('an administrator makes an account, and it chooses a password before anything else', async () => {
  const { page, faults } = await windowOf('han');
  await seesNoBarrier(page, 'administrator');
  await page.fill('#name', 'moon');
  await page.check('#role-clerk');
  await page.click('form[action="/admin/accounts"] button');
  await page.waitForSelector('#password');
  await seesNoBarrier(page, 'password to hand over');
  await keep(page, 'administrator-ko');
  const handed = await page.textContent('#password');

  const clerk = await openWindow(browser, desk, { locale: 'en-GB' });
  await signIn(clerk.page, 'moon', handed);
  assert.equal(new URL(clerk.page.url()).pathname, '/password');
  await seesNoBarrier(clerk.page, 'choose a password');
  await clerk.page.goto('/clerk');
  assert.equal(new URL(clerk.page.url()).pathname, '/password', 'nothing else opens before');
  await clerk.page.fill('#password', handed);
  await clerk.page.fill('#new', 'four words of my own');
  await clerk.page.fill('#again', 'four words of my own');
  await clerk.page.keyboard.press('Enter');
  await clerk.page.waitForURL('**/clerk');

  await page.goto('/admin');
  await page.click('tr[data-account=moon] form[action$="/disable"] button');
  await page.waitForSelector('#done');
  await clerk.page.goto('/clerk');
  assert.equal(new URL(clerk.page.url()).pathname, '/sign-in', 'a closed account is out at once');
  await page.goto('/admin/trail');
  await seesNoBarrier(page, 'trail');
  assert.ok(!(await page.textContent('main')).includes(APPLICANT.name));
  assert.deepEqual([...faults, ...clerk.faults], []);
});

test('everything a clerk does goes by keyboard alone, and without a script', async () => {
  const { page, faults } = await openWindow(browser, desk, { javaScriptEnabled: false, locale: 'en-GB' });
  const focused = () => page.locator(':focus');
  const tabTo = async (selector) => {
    for (let steps = 0; steps < 60; steps += 1) {
      await page.keyboard.press('Tab');
      if ((await page.locator(`${selector}:focus`).count()) === 1) {
        const outline = await focused().evaluate((element) => getComputedStyle(element).outlineStyle);
        assert.notEqual(outline, 'none', `${selector} shows that it has the focus`);
        return;
      }
    }
    assert.fail(`${selector} is not reached by keyboard`);
  };
  await page.goto('/sign-in');
  await page.keyboard.press('Tab');
  assert.equal(await page.locator('.skip:focus').count() + await page.locator('#password:focus').count(), 1);
  await tabTo('#account');
  await page.keyboard.type('kim');
  await tabTo('#password');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/clerk');
  await tabTo('#number');
  await page.keyboard.type(NUMBER);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/clerk/people/*');
  await tabTo('#visit-seen');
  await page.keyboard.press('Space');
  await tabTo('form[action$="/visit"] button');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/clerk/visits/*');
  const code = await codeOnScreen(page);
  const digits = (await page.textContent('#digits')).replaceAll(/\s/g, '');
  await wallet.accept(code, digits);
  await tabTo('.actions a.button');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#state[data-state=issued]');
  await tabTo('.signed-in button');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname === '/');
  assert.deepEqual(faults, []);
});

test('neither another site nor another role gets anything done', async () => {
  const { page, context } = await windowOf('kim', { strangers: true });
  const lure = (path, fields) => createServer((_, answer) => {
    const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`).join('');
    answer.setHeader('content-type', 'text/html');
    answer.end(`<!doctype html><form method="post" action="${desk.url}${path}">${inputs}</form><script>document.forms[0].submit()</script>`);
  });
  const csrf = await page.getAttribute('input[name=csrf]', 'value');
  for (const [path, fields] of [
    ['/clerk/find', { number: NUMBER }],
    ['/clerk/find', { number: NUMBER, csrf }],
    ['/sign-out', { csrf }],
    ['/sign-in', { account: 'kim', password: PASSWORD, csrf }],
  ]) {
    const site = lure(path, fields).listen(0, '127.0.0.1');
    await new Promise((listening) => site.once('listening', listening));
    const lured = await context.newPage();
    const answered = lured.waitForResponse((response) => response.url() === `${desk.url}${path}`);
    await lured.goto(`http://127.0.0.1:${site.address().port}/`);
    assert.equal((await answered).status(), 403, `${path} ${Object.keys(fields)}`);
    await lured.close();
    site.close();
  }
  await page.reload();
  assert.equal(new URL(page.url()).pathname, '/clerk', 'still signed in');
  for (const path of ['/operator', '/counter', '/counter/sign']) {
    assert.equal((await page.goto(path)).status(), 403, path);
  }
  await seesNoBarrier(page, 'refused');
  // Nor does another site get to frame a page.
  const framed = createServer((_, answer) => {
    answer.setHeader('content-type', 'text/html');
    answer.end(`<!doctype html><iframe src="${desk.url}/sign-in"></iframe>`);
  }).listen(0, '127.0.0.1');
  await new Promise((listening) => framed.once('listening', listening));
  await page.goto(`http://127.0.0.1:${framed.address().port}/`);
  const inside = page.frames().find((frame) => frame !== page.mainFrame());
  assert.equal(await inside?.locator('#password').count(), 0);
  framed.close();
});

test('the log has lines for all of it and nothing of anybody', () => {
  const log = desk.log();
  assert.match(log, /"route":"\/clerk\/visits\/\{handle\}"/);
  for (const told of [NUMBER, NUMBER.slice(7), LINE, LINE.replaceAll('-', ''), PASSWORD, 'kim', 'KR1:', 'KD1:', 'csrf']) {
    assert.ok(!log.includes(told), told);
  }
});
