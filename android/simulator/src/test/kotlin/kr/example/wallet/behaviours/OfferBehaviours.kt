@file:Suppress("ktlint:standard:function-naming", "FunctionName")

package kr.example.wallet.behaviours

import kr.example.wallet.MobileId
import kr.example.wallet.PlatformHttp
import kr.example.wallet.behaviours.Stage.Companion.play
import kr.example.wallet.core.Disclosure
import kr.example.wallet.core.Distrust
import kr.example.wallet.core.Http
import kr.example.wallet.core.HttpException
import kr.example.wallet.core.HttpRequest
import kr.example.wallet.core.HttpResponse
import kr.example.wallet.core.Issued
import kr.example.wallet.core.PasswordKind
import kr.example.wallet.core.Refusal
import kr.example.wallet.core.Scan
import kr.example.wallet.core.UnfinishedIssuance
import kr.example.wallet.core.WalletException
import kr.example.wallet.core.WalletState
import kr.example.wallet.simulator.Simulator
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class OfferBehaviours {
    private suspend fun MobileId.accept(
        link: String,
        digits: String,
    ): Issued {
        val offer = scan(link) as Scan.Offer
        return openOffer(offer.link).use { accept(it, digits.encodeToByteArray()) }
    }

    @Test
    fun an_offer_becomes_an_id() =
        play {
            val phone = phone()
            phone.unlocked().use {
                val (visit, prompts) = simulator.visit() to phone.prompts()
                val issued = it.accept(visit.link, visit.digits) as Issued.Card
                assertEquals(listOf(10u, 5u, 3u, 3u, 3u), issued.card.copies.map { copies -> copies.left })
                assertEquals(WalletState.READY, it.state())
                assertEquals(prompts, phone.prompts())
            }
        }

    @Test
    fun wrong_digits_are_told() =
        play {
            phone().unlocked().use {
                val visit = simulator.visit()
                val mistyped = assertFailsWith<WalletException.WrongPassword> { it.accept(visit.link, "12345") }
                assertEquals(PasswordKind.TRANSACTION_CODE, mistyped.kind)
                val other = if (visit.digits == "000000") "111111" else "000000"
                val refused = assertFailsWith<WalletException.IssuerRefused> { it.accept(visit.link, other) }
                assertEquals(Refusal.CODE_NOT_ACCEPTED, refused.why)
                it.accept(visit.link, visit.digits) as Issued.Card
            }
        }

    @Test
    fun an_offer_is_good_once() =
        play {
            phone().unlocked().use {
                val visit = simulator.visit()
                it.accept(visit.link, visit.digits)
                val refused = assertFailsWith<WalletException.IssuerRefused> { it.accept(visit.link, visit.digits) }
                assertEquals(Refusal.CODE_NOT_ACCEPTED, refused.why)
                assertEquals(1, it.cards().size)
            }
        }

    @Test
    fun another_issuers_offer_is_refused() =
        play {
            val phone = phone()
            Simulator.start().use { elsewhere ->
                phone.unlocked().use {
                    val (visit, sent) = elsewhere.visit() to phone.http.sent.get()
                    val refused = assertFailsWith<WalletException.NotTrusted> { it.accept(visit.link, visit.digits) }
                    assertEquals(Distrust.FOREIGN_ISSUER, refused.why)
                    assertEquals(sent, phone.http.sent.get())
                }
            }
        }

    @Test
    fun an_issuance_cut_short_is_resumed() =
        play {
            val fading =
                object : Http {
                    var gone = false

                    override suspend fun send(request: HttpRequest): HttpResponse {
                        gone = gone || request.url.endsWith("/credential")
                        if (gone) throw HttpException.Offline()
                        return PlatformHttp().send(request)
                    }
                }
            val phone = phone()
            phone.unlocked(http = fading).use {
                val visit = simulator.visit()
                assertFailsWith<WalletException.Offline> { it.accept(visit.link, visit.digits) }
            }
            phone.open().use {
                assertEquals(UnfinishedIssuance.WAITING, it.unfinishedIssuance())
                it.unlock()
                it.resumeIssuance() as Issued.Card
                assertEquals(UnfinishedIssuance.NONE, it.unfinishedIssuance())
            }
        }

    @Test
    fun a_card_is_renewed_without_a_prompt() =
        play {
            val phone = phone()
            phone.enrolled().use {
                it.showAdult().close()
                assertEquals(9, it.left(Disclosure.ADULT_ONLY))
                val prompts = phone.prompts()
                it.renewCard() as Issued.Card
                assertEquals(10, it.left(Disclosure.ADULT_ONLY))
                assertEquals(prompts, phone.prompts())
            }
        }
}
