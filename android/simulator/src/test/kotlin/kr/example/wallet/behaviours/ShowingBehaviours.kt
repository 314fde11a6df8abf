@file:Suppress("ktlint:standard:function-naming", "FunctionName")

package kr.example.wallet.behaviours

import kr.example.wallet.behaviours.Stage.Companion.play
import kr.example.wallet.core.Check
import kr.example.wallet.core.Claims
import kr.example.wallet.core.CounterException
import kr.example.wallet.core.Disclosure
import kr.example.wallet.core.Distrust
import kr.example.wallet.core.EventKind
import kr.example.wallet.core.Language
import kr.example.wallet.core.Reason
import kr.example.wallet.core.WalletException
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNotEquals
import kotlin.test.assertNull
import kotlin.test.assertTrue

class ShowingBehaviours {
    @Test
    fun a_counter_accepts_the_show() =
        play {
            phone().enrolled().use {
                val verdict = counter().check(it.frame(it.showAdult()).text, now(), 0)
                assertTrue(verdict.accepted, "${verdict.reason()}")
                assertEquals(true, assertIs<Claims.Adult>(verdict.shown?.claims).adultByYear)
            }
        }

    @Test
    fun one_prompt_per_show() =
        play {
            val phone = phone()
            phone.enrolled().use {
                val before = phone.prompts()
                val show = it.showAdult()
                for (second in 0L until 180 step 15) show.textAt(show.endsAt() - 180 + second)
                assertEquals(before + 1, phone.prompts())
            }
        }

    @Test
    fun frames_roll_and_end() =
        play {
            phone().enrolled().use {
                val show = it.showAdult()
                val texts = (1..3).map { frame -> show.textAt(show.endsAt() - 15 * frame) }
                assertEquals(3, texts.toSet().size)
                val last =
                    show.frame(
                        kr.example.wallet.core
                            .Now(show.endsAt() - 1),
                    )
                assertEquals(last.frames - 1u, last.step)
                assertEquals(1u, last.secondsLeft)
                assertFailsWith<WalletException.ShowEnded> { show.textAt(show.endsAt()) }
            }
        }

    @Test
    fun a_screenshot_frame_is_refused() =
        play {
            phone().enrolled().use {
                val show = it.showAdult()
                val taken = show.endsAt() - 60
                val screenshot = show.textAt(taken)
                assertIs<Reason.FrameExpired>(counter().check(screenshot, taken + 20, 0).reason())
                assertTrue(counter().check(screenshot, taken, 0).accepted)
            }
        }

    @Test
    fun a_code_seen_before_is_refused() =
        play {
            phone().enrolled().use {
                val text = it.frame(it.showAdult()).text
                val counter = counter()
                assertTrue(counter.check(text, now(), 0).accepted)
                val again = counter.check(text, now(), 1)
                assertIs<Reason.SeenBefore>(again.reason())
                assertNull(again.shown)
                val restarted = counter()
                restarted.remember(counter.seen(), 0)
                assertIs<Reason.SeenBefore>(restarted.check(text, now(), 2).reason())
            }
        }

    @Test
    fun a_scanned_desk_is_named_in_the_prompt() =
        play {
            val phone = phone()
            phone.enrolled().use {
                val desk = it.scanSign(sign())
                val show = it.show(it.cards().single().id, Disclosure.NAME_AND_BIRTH, desk)
                assertEquals(
                    desk.name(Language.ENGLISH),
                    phone.hardware
                        .prompts()
                        .single { prompt ->
                            prompt.counterparty != null
                        }.counterparty,
                )
                assertTrue(counter().check(it.frame(show).text, now(), 0).accepted)
                assertEquals(Reason.OtherDesk, counter(deskId = "another-1").check(it.frame(show).text, now(), 0).reason())
            }
        }

    @Test
    fun a_foreign_code_is_not_for_this_wallet() =
        play {
            phone().open().use {
                for (text in listOf("", "https://example.com/menu", "WIFI:S:cafe;;", "KR1:ABC")) {
                    assertFailsWith<WalletException.NotForThisWallet> { it.scan(text) }
                }
                val forged = assertFailsWith<WalletException.NotTrusted> { it.scan("KD1:ABCDEF") }
                assertEquals(Distrust.DESK_SIGN, forged.why)
            }
        }

    @Test
    fun a_cancelled_show_keeps_its_copy() =
        play {
            val phone = phone()
            phone.enrolled().use {
                val before = it.left(Disclosure.ADULT_ONLY)
                phone.hardware.answerNext("cancel")
                assertFailsWith<WalletException.UserCancelled> { it.showAdult() }
                assertEquals(before, it.left(Disclosure.ADULT_ONLY))
                assertEquals(EventKind.SHOW_CANCELLED, it.history(1).single().kind)
            }
        }

    @Test
    fun an_invalidated_key_cannot_show() =
        play {
            val phone = phone()
            phone.enrolled().use {
                phone.hardware.invalidateKeys()
                assertFailsWith<WalletException.KeyInvalidated> { it.showAdult() }
            }
        }

    @Test
    fun an_empty_pool_is_told() =
        play {
            phone().enrolled().use {
                val card = it.cards().single().id
                repeat(3) { _ -> it.show(card, Disclosure.FULL) }
                val empty = assertFailsWith<WalletException.NoCopiesLeft> { it.show(card, Disclosure.FULL) }
                assertEquals(Disclosure.FULL, empty.disclosure)
                it.show(card, Disclosure.ADULT_ONLY)
            }
        }

    @Test
    fun history_tells_what_was_shown() =
        play {
            phone().enrolled().use {
                it.show(it.cards().single().id, Disclosure.NAME_AND_BIRTH, it.scanSign(sign()))
                val (shown, added) = it.history()
                assertEquals(EventKind.SHOWN_AT_COUNTER, shown.kind)
                assertEquals(Disclosure.NAME_AND_BIRTH, shown.disclosure)
                assertTrue(shown.verified && !shown.counterparty.isNullOrEmpty())
                assertEquals(EventKind.CARD_ADDED, added.kind)
            }
        }

    @Test
    fun staples_are_refreshed_without_a_prompt() =
        play {
            val phone = phone()
            phone.enrolled().use {
                val (prompts, sent) = phone.prompts() to phone.http.sent.get()
                it.lock()
                it.refreshStaples()
                assertEquals(prompts, phone.prompts())
                assertEquals(sent + 1, phone.http.sent.get())
            }
        }

    @Test
    fun a_verdict_lists_every_check() =
        play {
            val verdict = counter().check("not a code", now(), 0)
            assertEquals(Check.entries, verdict.checks.map { it.check })
            assertEquals(Reason.NotACounterCode, verdict.reason())
            assertNull(verdict.shown)
        }

    @Test
    fun an_altered_code_is_refused() =
        play {
            phone().enrolled().use {
                val text = it.frame(it.showAdult()).text
                for (place in listOf(6, text.length / 2, text.length - 2)) {
                    val other = if (text[place] == '0') '1' else '0'
                    val altered = text.replaceRange(place, place + 1, other.toString())
                    assertNotEquals(text, altered)
                    val verdict = counter().check(altered, now(), 0)
                    assertTrue(!verdict.accepted && verdict.shown == null)
                }
                assertTrue(counter().check(text, now(), 0).accepted)
            }
        }

    @Test
    fun an_older_pack_is_refused() =
        play {
            val sequence = counter().check("", now(), 0).packSequence
            counter(lowestSequence = sequence)
            // Each pack the desk gives counts on; nobody has come so far yet.
            assertFailsWith<CounterException> { counter(lowestSequence = sequence + 1000u) }
            assertFailsWith<CounterException> { counter(authority = ByteArray(65) { 4 }) }
        }
}
