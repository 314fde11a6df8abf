@file:Suppress("ktlint:standard:function-naming", "FunctionName")

package kr.example.wallet.behaviours

import kotlinx.coroutines.flow.first
import kr.example.wallet.MobileId
import kr.example.wallet.behaviours.Stage.Companion.play
import kr.example.wallet.core.CardState
import kr.example.wallet.core.CommandOp
import kr.example.wallet.core.CommandReason
import kr.example.wallet.core.Disclosure
import kr.example.wallet.core.EventKind
import kr.example.wallet.core.IfStale
import kr.example.wallet.core.Issued
import kr.example.wallet.core.Language
import kr.example.wallet.core.LifeCycle
import kr.example.wallet.core.Refusal
import kr.example.wallet.core.Renewed
import kr.example.wallet.core.RevokeReason
import kr.example.wallet.core.Unusable
import kr.example.wallet.core.WalletException
import kr.example.wallet.core.WalletState
import kr.example.wallet.text
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNull
import kotlin.test.assertTrue

class KeepingBehaviours {
    private suspend fun MobileId.hear(): List<CommandOp> = receiveCommands().obeyed

    private inline fun assertLocked(
        why: CommandReason,
        act: () -> Unit,
    ) = assertEquals(why, assertIs<Unusable.LockedByCommand>(assertFailsWith<WalletException.NotUsable> { act() }.why).why)

    @Test
    fun a_lost_phone_locks_itself_and_says_why() =
        play {
            val phone = phone()
            phone.enrolled().use {
                it.lock()
                assertNull(it.lockedFor())
                val prompts = phone.prompts()
                simulator.reportLost()
                assertEquals(CommandOp.LOCK, it.commands().first())
                assertEquals(emptyList(), it.hear(), "it was acknowledged")
                assertEquals(prompts, phone.prompts())
                assertEquals(WalletState.LOCKED_BY_COMMAND, it.state())
                assertEquals(CommandReason.PHONE_LOST, it.lockedFor())
                val (korean, english) = listOf(Language.KOREAN, Language.ENGLISH).map(CommandReason.PHONE_LOST::text)
                assertTrue("분실" in korean.what && korean.next.isNotEmpty())
                assertTrue("lost" in english.what && "operator" in english.next)
            }
        }

    @Test
    fun locked_by_command_it_shows_and_renews_nothing() =
        play {
            val phone = phone()
            phone.enrolled().use {
                val card = it.cards().single().id
                simulator.reportLost()
                assertEquals(listOf(CommandOp.LOCK), it.hear())
                val prompts = phone.prompts()
                assertLocked(CommandReason.PHONE_LOST) { it.unlock() }
                assertLocked(CommandReason.PHONE_LOST) { it.show(card, Disclosure.ADULT_ONLY) }
                assertLocked(CommandReason.PHONE_LOST) { it.renewCard() }
                assertLocked(CommandReason.PHONE_LOST) { phone.enrol(it) }
                val refreshed = it.refresh()
                assertEquals(0u to Renewed.NOT_NEEDED, refreshed.staples to refreshed.renewed)
                assertEquals(prompts, phone.prompts())
            }
            phone.open().use {
                assertEquals(WalletState.LOCKED_BY_COMMAND, it.state())
                assertLocked(CommandReason.PHONE_LOST) { it.unlock() }
            }
        }

    @Test
    fun found_again_it_opens() =
        play {
            phone().enrolled().use {
                simulator.reportLost()
                assertEquals(listOf(CommandOp.LOCK), it.hear())
                simulator.reportFound()
                assertEquals(listOf(CommandOp.RESUME), it.hear())
                assertEquals(WalletState.LOCKED, it.state())
                assertNull(it.lockedFor())
                it.unlock()
                assertTrue(counter().check(it.frame(it.showAdult()).text, now(), 0).accepted)
                val kinds = it.history().map { line -> line.kind }
                assertTrue(EventKind.WALLET_LOCKED in kinds && EventKind.WALLET_RESUMED in kinds)
            }
        }

    @Test
    fun a_running_show_ends_with_the_lock() =
        play {
            phone().enrolled().use {
                val show = it.showAdult()
                it.frame(show)
                simulator.reportLost()
                assertEquals(listOf(CommandOp.LOCK), it.hear())
                assertFailsWith<WalletException.ShowEnded> { it.frame(show) }
            }
        }

    @Test
    fun a_wipe_leaves_no_key_and_no_card() =
        play {
            val phone = phone()
            val counted = Counted(phone.hardware)
            phone.enrolled(counted).use {
                assertTrue(counted.keys.isNotEmpty())
                val prompts = phone.prompts()
                it.wipe()
                assertEquals(prompts + 1, phone.prompts())
                assertEquals(emptySet(), counted.keys.toSet())
                assertFalse(phone.vault.exists())
                assertEquals(WalletState.WIPED, it.state())
                assertIs<Unusable.Wiped>(assertFailsWith<WalletException.NotUsable> { it.cards() }.why)
                assertIs<Unusable.Wiped>(assertFailsWith<WalletException.NotUsable> { it.unlock() }.why)
            }
            phone.open().use {
                assertEquals(WalletState.WIPED, it.state())
                it.startOver()
                assertEquals(WalletState.EMPTY, it.state())
                assertEquals(emptyList(), it.cards())
            }
        }

    @Test
    fun whoever_cancels_a_wipe_keeps_everything() =
        play {
            val phone = phone()
            val counted = Counted(phone.hardware)
            phone.enrolled(counted).use {
                val keys = counted.keys.toSet()
                phone.hardware.answerNext("cancel")
                assertFailsWith<WalletException.UserCancelled> { it.wipe() }
                phone.hardware.answerNext("cancel")
                assertFailsWith<WalletException.UserCancelled> { it.giveUpPhone() }
                assertEquals(WalletState.READY, it.state())
                assertEquals(keys, counted.keys.toSet())
                it.showAdult()
            }
        }

    @Test
    fun a_phone_given_up_frees_the_person() =
        play {
            val (phone, other) = phone("phone") to phone("other")
            val counted = Counted(phone.hardware)
            phone.enrolled(counted).use { first ->
                other.unlocked().use { second ->
                    val refused = assertFailsWith<WalletException.IssuerRefused> { other.enrol(second) }
                    assertEquals(Refusal.ANOTHER_PHONE, refused.why)
                    first.giveUpPhone()
                    assertEquals(WalletState.WIPED, first.state())
                    assertEquals(emptySet(), counted.keys.toSet())
                    other.enrol(second)
                }
            }
        }

    @Test
    fun an_id_moves_and_the_old_phone_is_told() =
        play {
            val (old, new) = phone("old") to phone("new")
            old.enrolled().use { before ->
                new.unlocked().use { after ->
                    assertEquals(CardState.ACTIVE, new.enrol(after, moving = true).state)
                    assertEquals(listOf(CommandOp.LOCK), before.hear())
                    assertEquals(CommandReason.OTHER_PHONE, before.lockedFor())
                    assertTrue(counter().check(after.frame(after.showAdult()).text, now(), 0).accepted)
                }
            }
        }

    @Test
    fun a_revoked_card_says_why() =
        play {
            phone().enrolled().use {
                assertTrue(simulator.endCard("card_lost"))
                assertTrue(it.refresh().lists > 0u)
                val card = it.cards().single()
                assertEquals(CardState.REVOKED, card.state)
                assertEquals(LifeCycle.Revoked(RevokeReason.CARD_LOST), card.standing)
                val refused = assertFailsWith<WalletException.NotUsable> { it.show(card.id, Disclosure.ADULT_ONLY) }
                assertEquals(Unusable.Card(card.standing), refused.why)
                assertTrue("분실" in card.standing.text(Language.KOREAN).what)
                assertTrue("new card" in card.standing.text(Language.ENGLISH).next)
            }
        }

    @Test
    fun a_stale_proof_is_told_before_the_prompt() =
        play {
            val phone = phone()
            val clock = BentClock()
            phone.unlocked(clock = clock).use {
                val card = phone.enrol(it).id
                clock.ahead = 25 * HOUR
                val (prompts, copies) = phone.prompts() to it.left(Disclosure.ADULT_ONLY)
                val stale = assertFailsWith<WalletException.NotUsable> { it.show(card, Disclosure.ADULT_ONLY) }
                assertEquals(25u, assertIs<Unusable.StapleTooOld>(stale.why).hours)
                assertEquals(prompts to copies, phone.prompts() to it.left(Disclosure.ADULT_ONLY))
                val shown = it.show(card, Disclosure.ADULT_ONLY, ifStale = IfStale.SHOW_ANYWAY)
                assertEquals(25u, shown.stapleAgeHours())
                assertEquals(prompts + 1, phone.prompts())
                it.frame(shown)
                clock.ahead = 0
                it.refresh()
                assertEquals(0u, it.show(card, Disclosure.ADULT_ONLY).stapleAgeHours())
            }
        }

    @Test
    fun ended_copies_need_renewal_and_come_back() =
        play {
            val phone = phone()
            val clock = BentClock()
            phone.unlocked(clock = clock).use {
                val card = phone.enrol(it).id
                val prompts = phone.prompts()
                clock.ahead = 65 * 24 * HOUR
                assertEquals(CardState.NEEDS_RENEWAL, it.cards().single().state)
                assertFailsWith<WalletException.NotUsable> { it.show(card, Disclosure.ADULT_ONLY) }
                clock.ahead = 0
                it.renewCard() as Issued.Card
                assertEquals(prompts, phone.prompts())
                assertEquals(CardState.ACTIVE, it.cards().single().state)
                it.show(it.cards().single().id, Disclosure.ADULT_ONLY)
            }
        }

    @Test
    fun refresh_says_when_to_call_again() =
        play {
            val phone = phone()
            phone.enrolled().use {
                it.lock()
                val prompts = phone.prompts()
                val began = now()
                val first = it.refresh()
                assertEquals(emptyList(), first.obeyed)
                assertEquals(Renewed.NOT_NEEDED, first.renewed)
                assertNull(first.trouble)
                assertTrue(first.lists > 0u)
                assertTrue(first.nextAt in began + 60..now() + HOUR, "${first.nextAt - began}")
                assertEquals(0u, it.refresh().lists, "it is fresh still")
                assertEquals(prompts, phone.prompts())
            }
            phone.open(http = NoNetwork).use {
                val offline = it.refresh()
                assertIs<WalletException.Offline>(offline.trouble)
                assertTrue(offline.nextAt <= now() + HOUR / 4, "soon after a failure")
            }
        }

    private companion object {
        const val HOUR = 3600L
    }
}
