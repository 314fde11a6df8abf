@file:Suppress("ktlint:standard:function-naming", "FunctionName")

package kr.example.wallet.behaviours

import kotlinx.coroutines.flow.toList
import kr.example.wallet.EnrolmentEvent
import kr.example.wallet.behaviours.Stage.Companion.play
import kr.example.wallet.core.CardAccessView
import kr.example.wallet.core.CardState
import kr.example.wallet.core.EnrolmentListener
import kr.example.wallet.core.EnrolmentStage
import kr.example.wallet.core.Language
import kr.example.wallet.core.Platform
import kr.example.wallet.core.Refusal
import kr.example.wallet.core.UnlockWith
import kr.example.wallet.core.Wallet
import kr.example.wallet.core.WalletException
import kr.example.wallet.core.WalletState
import kr.example.wallet.simulator.SystemClock
import kr.example.wallet.text
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

class EnrollingBehaviours {
    @Test
    fun enrols_a_tapped_card() =
        play {
            phone().unlocked().use {
                val events = it.enrolling(simulator.tap(), simulator.can()).toList()
                assertEquals(EnrolmentStage.entries, events.filterIsInstance<EnrolmentEvent.Stage>().map { event -> event.stage })
                val card = (events.last() as EnrolmentEvent.Done).card
                assertEquals(CardState.ACTIVE, card.state)
                assertTrue(card.maskedRegistrationNumber.endsWith("******"), card.maskedRegistrationNumber)
                assertEquals(listOf(10u, 5u, 3u, 3u, 3u), card.copies.map { copies -> copies.left })
                assertEquals(WalletState.READY, it.state())
            }
        }

    @Test
    fun enrols_by_the_printed_lines() =
        play {
            phone().unlocked().use {
                val lines = simulator.lines()
                val events = it.enrolling(lines) { lost -> if (lost == null) simulator.tap() else throw lost }.toList()
                val card = (events.last() as EnrolmentEvent.Done).card
                assertEquals(CardState.ACTIVE, card.state)
                assertEquals(card.id, it.cards().single().id)
                val wiped = (lines as CardAccessView.Mrz).run { number + birth + expiry }
                assertTrue(wiped.all { byte -> byte == 0.toByte() }, "the lines are wiped")
            }
        }

    @Test
    fun a_face_that_differs_keeps_nothing() =
        play {
            val phone = phone()
            phone.unlocked().use {
                phone.hardware.face("no_match")
                assertFailsWith<WalletException.FaceMismatch> { phone.enrol(it) }
                assertEquals(emptyList(), it.cards())
                assertEquals(WalletState.EMPTY, it.state())
            }
        }

    @Test
    fun an_enrolment_is_cancelled() =
        play {
            val phone = phone()
            val platform = Platform(phone.hardware, phone.anchor, phone.http, SystemClock(), phone.hardware)
            Wallet.open(platform, simulator.config(phone.vault)).use { wallet ->
                wallet.unlock(UnlockWith.BIOMETRICS)
                val enrolment = wallet.enrol()
                val access = CardAccessView.Can(simulator.can())
                val evidence = wallet.readCard(simulator.tap(), access, null).run(enrolment.challenge())
                val listener =
                    object : EnrolmentListener {
                        override fun stage(stage: EnrolmentStage): Boolean {
                            if (stage == EnrolmentStage.MAKING_KEYS) enrolment.cancel()
                            return true
                        }
                    }
                assertFailsWith<WalletException.UserCancelled> { enrolment.finish(evidence, listener) }
                assertEquals(emptyList(), wallet.cards())
            }
        }

    @Test
    fun another_holder_is_refused() =
        play {
            val phone = phone()
            phone.enrolled().use {
                val refused = assertFailsWith<WalletException> { phone.enrol(it, "second") }
                assertTrue(
                    refused is WalletException.AnotherHolder || (refused as WalletException.IssuerRefused).why == Refusal.ANOTHER_HOLDER,
                )
                assertEquals(1, it.cards().size)
            }
        }

    @Test
    fun a_second_phone_is_refused_with_a_way_out() =
        play {
            phone("first").enrolled().close()
            val second = phone("second")
            second.unlocked().use {
                val refused = assertFailsWith<WalletException.IssuerRefused> { second.enrol(it) }
                assertEquals(Refusal.ANOTHER_PHONE, refused.why)
                for (language in Language.entries) assertTrue("1688-0990" in refused.text(language).next)
            }
        }

    @Test
    fun offline_is_told() =
        play {
            val phone = phone()
            phone.unlocked(http = NoNetwork).use {
                assertFailsWith<WalletException.Offline> { phone.enrol(it) }
                assertEquals(WalletState.EMPTY, it.state())
            }
        }
}
