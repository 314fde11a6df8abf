package kr.example.wallet.app

import android.app.job.JobParameters
import android.app.job.JobScheduler
import android.content.Intent
import android.net.Uri
import android.widget.RadioButton
import kotlinx.coroutines.runBlocking
import kr.example.wallet.core.CommandReason
import kr.example.wallet.core.KeyPolicy
import kr.example.wallet.core.KeyStore
import kr.example.wallet.core.KeyStoreException
import kr.example.wallet.core.Language
import kr.example.wallet.core.LifeCycle
import kr.example.wallet.core.RenewReason
import kr.example.wallet.core.RevokeReason
import kr.example.wallet.core.Unusable
import kr.example.wallet.core.WalletException
import kr.example.wallet.text
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadow.api.Shadow
import java.util.concurrent.atomic.AtomicInteger
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue

/** A phone that is lost, found, given up or wiped; a card that ends; a proof that grows old. */
@RunWith(RobolectricTestRunner::class)
class LifeTest {
    @get:Rule
    internal val stage = Stage()

    private fun why(reason: CommandReason) = reason.text(Language.ENGLISH)

    private fun Stage.toTheCode() {
        press(R.string.card_show)
        until { views<RadioButton>().isNotEmpty() }
        press(R.string.show_now)
    }

    @Test
    fun `a phone reported lost says why and what to do, and opens when it is found`() =
        with(stage) {
            enrolled()
            val before = prompts()
            simulator.reportLost()
            until { sees(why(CommandReason.PHONE_LOST).what) }
            assertTrue(sees(why(CommandReason.PHONE_LOST).next))
            assertFalse(sees(R.string.unlock) || sees(R.string.card_show))
            press(R.string.lost_button)
            assertTrue(sees(R.string.lost_found))
            press("‹")
            assertEquals(before, prompts())
            simulator.reportFound()
            until { sees(R.string.unlock) }
            press(R.string.unlock)
            until { sees(R.string.card_show) }
        }

    @Test
    fun `a code on the screen goes when the phone is reported lost`() =
        with(stage) {
            enrolled()
            toTheCode()
            until { views<CodeView>().isNotEmpty() }
            simulator.reportLost()
            until { views<CodeView>().isEmpty() }
            until { sees(why(CommandReason.PHONE_LOST).what) }
        }

    @Test
    fun `a phone reported lost while the app was closed says so when it is opened`() =
        with(stage) {
            enrolled()
            leave()
            simulator.reportLost()
            comeBack()
            until { sees(why(CommandReason.PHONE_LOST).what) }
            die()
            until { sees(why(CommandReason.PHONE_LOST).what) }
            assertFalse(sees(R.string.unlock))
        }

    @Test
    fun `a lock that is lifted opens the way though only the refresh hears of it`() =
        with(stage) {
            enrolled()
            simulator.reportLost()
            until { sees(why(CommandReason.PHONE_LOST).what) }
            leave()
            // Nothing that waits for a command comes through.
            network.isGone = { "\"wait\":25" in it.body.decodeToString() }
            simulator.reportFound()
            comeBack()
            until { sees(R.string.unlock) }
        }

    @Test
    fun `the hourly refresh hears it while nobody looks, and says when it is due again`() =
        with(stage) {
            enrolled()
            val jobs = app.getSystemService(JobScheduler::class.java)!!
            until { jobs.allPendingJobs.isNotEmpty() }
            assertTrue(jobs.allPendingJobs.single().minLatencyMillis in 30_000..3_600_000)
            leave()
            jobs.cancelAll()
            simulator.reportLost()
            val job = Robolectric.buildService(RefreshJob::class.java).create().get()
            assertTrue(job.onStartJob(Shadow.newInstanceOf(JobParameters::class.java)))
            until { shadowOf(job).isJobFinished }
            until { jobs.allPendingJobs.isNotEmpty() }
            val before = prompts()
            comeBack()
            until { sees(why(CommandReason.PHONE_LOST).what) }
            assertEquals(before, prompts())
        }

    @Test
    fun `a phone given up is empty, and the citizen is free`() =
        with(stage) {
            enrolled()
            press(R.string.remove_button)
            next("cancel")
            press(R.string.remove_give_up)
            until { sees(WalletException.UserCancelled().text(Language.ENGLISH).what) }
            press(R.string.remove_give_up)
            until { sees(R.string.remove_done) }
            press(R.string.close)
            until { sees(WalletException.NotUsable(Unusable.Wiped).text(Language.ENGLISH).what) }
            assertFalse(sees(R.string.remove_button))
            press(R.string.start_over)
            toTheCard()
            until { sees(R.string.tap_hold) }
            hold()
            until { sees(R.string.issued_done) }
        }

    @Test
    fun `giving up is cut short by nothing once it is begun`() =
        with(stage) {
            enrolled()
            val asked = Network.Held("/give-up").also { network.held = it }
            press(R.string.remove_button)
            press(R.string.remove_give_up)
            until { asked.waits }
            press("‹")
            openedAgain(Intent(Intent.ACTION_VIEW, Uri.parse(simulator.visit().link)))
            assertTrue(sees(R.string.please_wait))
            asked.go.complete(Unit)
            until { sees(R.string.remove_done) }
        }

    @Test
    fun `an app that is closed while the phone is given up still gives it up`() =
        with(stage) {
            enrolled()
            val asked = Network.Held("/give-up").also { network.held = it }
            press(R.string.remove_button)
            press(R.string.remove_give_up)
            until { asked.waits }
            finish()
            asked.go.complete(Unit)
            open()
            until { sees(WalletException.NotUsable(Unusable.Wiped).text(Language.ENGLISH).what) }
        }

    @Test
    fun `a phone that was wiped and has an id again hears of its loss`() =
        with(stage) {
            enrolled()
            assertTrue(simulator.orderWipe())
            until { sees(R.string.start_over) }
            press(R.string.start_over)
            toTheCard()
            until { sees(R.string.tap_hold) }
            hold()
            until { sees(R.string.issued_done) }
            simulator.reportLost()
            until {
                pass(1)
                sees(why(CommandReason.PHONE_LOST).what)
            }
        }

    @Test
    fun `a wallet that opens at the second try hears of a loss`() =
        with(stage) {
            var fails = true
            keys =
                object : KeyStore by hardware {
                    override suspend fun create(
                        policy: KeyPolicy,
                        challenge: ByteArray,
                        count: UInt,
                    ) = if (fails) throw KeyStoreException.Unavailable() else hardware.create(policy, challenge, count)
                }
            open()
            until { sees(R.string.try_again) }
            fails = false
            press(R.string.try_again)
            toTheCard()
            until { sees(R.string.tap_hold) }
            hold()
            until { sees(R.string.issued_done) }
            simulator.reportLost()
            until {
                pass(1)
                sees(why(CommandReason.PHONE_LOST).what)
            }
        }

    @Test
    fun `giving up needs the issuer, and wiping does not`() =
        with(stage) {
            enrolled()
            network.isGone = { true }
            press(R.string.remove_button)
            press(R.string.remove_give_up)
            until { sees(WalletException.Offline().text(Language.ENGLISH).what) }
            press(R.string.remove_wipe)
            until { sees(R.string.remove_done) }
            die()
            until { sees(R.string.start_over) }
            assertFalse(sees(R.string.card_show))
        }

    @Test
    fun `a wipe that the centre orders leaves nothing`() =
        with(stage) {
            enrolled()
            assertTrue(simulator.orderWipe())
            until { sees(WalletException.NotUsable(Unusable.Wiped).text(Language.ENGLISH).what) }
            press(R.string.start_over)
            until { sees(R.string.welcome_title) }
        }

    @Test
    fun `a revoked card says why, and how to get another`() =
        with(stage) {
            enrolled()
            assertTrue(simulator.endCard("card_lost"))
            leave()
            comeBack()
            until { sees(R.string.unlock) }
            press(R.string.unlock)
            val standing = LifeCycle.Revoked(RevokeReason.CARD_LOST).text(Language.ENGLISH)
            until { sees(standing.what) }
            assertTrue(sees(standing.next))
            assertFalse(sees(R.string.card_show))
            press(R.string.welcome_read_card)
            until { sees(R.string.tap_digits) }
        }

    @Test
    fun `a new address comes by itself`() =
        with(stage) {
            enrolled()
            press(R.string.card_details)
            until { !sees(CardPart.DOTS) }
            val moved = "새터길 5"
            assertFalse(sees(moved))
            assertTrue(simulator.endCard("details_changed"))
            leave()
            comeBack()
            until { sees(R.string.unlock) }
            press(R.string.unlock)
            until { sees(R.string.card_show) }
            press(R.string.card_details)
            until { sees(moved) || sees(R.string.card_details) }
            until {
                if (sees(R.string.card_details)) press(R.string.card_details)
                sees(moved)
            }
        }

    @Test
    fun `an old proof is told before the prompt, and is shown all the same if the citizen says so`() =
        with(stage) {
            enrolled()
            clock.ahead = STALE
            val before = prompts()
            toTheCode()
            until { sees(WalletException.NotUsable(Unusable.StapleTooOld(25u)).text(Language.ENGLISH).what) }
            assertEquals(before, prompts())
            press(R.string.show_anyway)
            until { views<CodeView>().isNotEmpty() }
            assertEquals(before + 1, prompts())
        }

    @Test
    fun `a fresh proof is fetched and shown at one touch`() =
        with(stage) {
            enrolled()
            clock.ahead = STALE
            toTheCode()
            until { sees(R.string.show_freshen) }
            clock.ahead = 0
            press(R.string.show_freshen)
            until { views<CodeView>().isNotEmpty() }
            assertTrue(check(code()).accepted)
        }

    @Test
    fun `a fresh proof is shown though something else went wrong`() =
        with(stage) {
            enrolled()
            clock.ahead = STALE
            toTheCode()
            until { sees(R.string.show_freshen) }
            clock.ahead = 0
            network.isGone = { it.url.endsWith("/commands") }
            press(R.string.show_freshen)
            until { views<CodeView>().isNotEmpty() }
        }

    @Test
    fun `where no fresh proof comes the old one can be shown still`() =
        with(stage) {
            enrolled()
            clock.ahead = STALE
            toTheCode()
            until { sees(R.string.show_freshen) }
            val asked = AtomicInteger()
            network.isGone = { asked.incrementAndGet() > 0 }
            press(R.string.show_freshen)
            until { asked.get() > 0 && sees(R.string.show_anyway) }
            press(R.string.show_anyway)
            until { views<CodeView>().isNotEmpty() }
        }

    @Test
    fun `a start that failed can be tried again`() =
        with(stage) {
            enrolled()
            runBlocking { hardware.invalidateKeys() }
            leave()
            comeBack()
            until { sees(R.string.unlock) }
            press(R.string.unlock)
            until { sees(R.string.start_over) }
            runBlocking { hardware.setNoBiometrics(true) }
            press(R.string.start_over)
            press(R.string.start_over_confirm)
            until { sees(WalletException.NoBiometrics().text(Language.ENGLISH).what) }
            runBlocking { hardware.setNoBiometrics(false) }
            press(R.string.start_over)
            press(R.string.start_over_confirm)
            until { sees(R.string.welcome_title) }
        }

    @Test
    fun `the refresh is due from the moment there is an id`() =
        with(stage) {
            val jobs = app.getSystemService(JobScheduler::class.java)!!
            open()
            toTheCard()
            until { sees(R.string.tap_hold) }
            hold()
            until { sees(R.string.issued_done) }
            assertTrue(jobs.allPendingJobs.isNotEmpty())
        }

    @Test
    fun `copies that ended ask for a renewal, which needs no prompt`() =
        with(stage) {
            enrolled()
            clock.ahead = 29 * DAY
            leave()
            comeBack()
            until { sees(R.string.unlock) }
            press(R.string.unlock)
            val standing = LifeCycle.NeedsRenewal(RenewReason.COPIES_ENDED).text(Language.ENGLISH)
            until { sees(standing.what) }
            assertFalse(sees(R.string.card_show))
            clock.ahead = 0
            val before = prompts()
            press(R.string.card_renew)
            until { sees(R.string.renew_done) }
            assertEquals(before, prompts())
        }

    private companion object {
        const val STALE = 25 * 3600L
        const val DAY = 86_400L
    }
}
