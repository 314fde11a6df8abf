@file:Suppress("ktlint:standard:function-naming", "FunctionName")

package kr.example.wallet.behaviours

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
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
import kr.example.wallet.core.Language
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
import kotlin.test.assertIs
import kotlin.test.assertNotEquals
import kotlin.test.assertTrue

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
    fun another_issuance_takes_the_turn() =
        play {
            val (asked, go) = CompletableDeferred<Unit>() to CompletableDeferred<Unit>()
            val held =
                object : Http {
                    override suspend fun send(request: HttpRequest): HttpResponse {
                        if (request.url.endsWith("/credential") && asked.complete(Unit)) go.await()
                        return PlatformHttp().send(request)
                    }
                }
            val phone = phone()
            val counted = Counted(phone.hardware)
            phone.unlocked(keyStore = counted, http = held).use {
                val first = simulator.visit()
                coroutineScope {
                    // Its keys are made, and its credentials are on their way.
                    val accepted = async(Dispatchers.Default) { runCatching { it.accept(first.link, first.digits) } }
                    asked.await()
                    val second = simulator.visit()
                    it.accept(second.link, second.digits) as Issued.Card
                    go.complete(Unit)
                    assertIs<WalletException.UserCancelled>(accepted.await().exceptionOrNull())
                }
                assertEquals(1, it.cards().size)
                assertEquals(UnfinishedIssuance.NONE, it.unfinishedIssuance())
                assertTrue(counter().check(it.frame(it.showAdult()).text, now(), 0).accepted)
            }
            // No key of the first is left: as many as of one issuance.
            val other = phone("other")
            val once = Counted(other.hardware)
            other.unlocked(keyStore = once).use { other.enrol(it, "minor") }
            assertEquals(once.keys.size, counted.keys.size)
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

    /** Opens the adult's link of the portal as far as the browser. */
    private suspend fun Stage.applied(id: MobileId): String {
        val offer = id.scan(simulator.portalLink()) as Scan.Offer
        return (id.openOffer(offer.link).use { id.accept(it) } as Issued.SignIn).url
    }

    private suspend fun Stage.acceptDocument(
        id: MobileId,
        document: String,
    ): Issued {
        val visit = simulator.visit(document = document)
        return id.accept(visit.link, visit.digits)
    }

    @Test
    fun a_link_leads_to_the_browser_and_back_to_a_card() =
        play {
            val phone = phone()
            phone.unlocked().use {
                simulator.visit()
                val url = applied(it)
                assertTrue(url.startsWith(simulator.desk))
                val prompts = phone.prompts()
                it.continueWith(simulator.browse(url)) as Issued.Card
                assertEquals(prompts, phone.prompts())
                assertEquals(UnfinishedIssuance.NONE, it.unfinishedIssuance())
                assertEquals(WalletState.READY, it.state())
            }
        }

    @Test
    fun the_app_may_end_while_the_browser_is_out() =
        play {
            val phone = phone()
            simulator.visit()
            val url = phone.unlocked().use { applied(it) }
            phone.open().use {
                assertEquals(UnfinishedIssuance.WAITING, it.unfinishedIssuance())
                val back = simulator.browse(url)
                assertFailsWith<WalletException.Locked> { it.continueWith(back) }
                it.unlock()
                it.continueWith(back) as Issued.Card
                assertEquals(UnfinishedIssuance.NONE, it.unfinishedIssuance())
            }
        }

    @Test
    fun what_another_browser_brings_is_refused() =
        play {
            phone().unlocked().use {
                simulator.visit()
                val back = simulator.browse(applied(it))
                val foreign = back.replace(Regex("state=[^&]*"), "state=another")
                assertNotEquals(back, foreign)
                val refused = assertFailsWith<WalletException.NotTrusted> { it.continueWith(foreign) }
                assertEquals(Distrust.ISSUER_ANSWER, refused.why)
                assertEquals(emptyList(), it.cards())
            }
        }

    @Test
    fun a_foreign_url_ends_no_issuance() =
        play {
            phone().unlocked().use {
                simulator.visit()
                val back = simulator.browse(applied(it))
                for (foreign in listOf("", "https://elsewhere.example/?code=1&state=1", back.replace("wallet", "other"))) {
                    assertFailsWith<WalletException.NotForThisWallet> { it.continueWith(foreign) }
                }
                assertEquals(UnfinishedIssuance.WAITING, it.unfinishedIssuance())
                it.continueWith(back) as Issued.Card
            }
        }

    @Test
    fun a_begun_issuance_is_given_up() =
        play {
            phone().unlocked().use {
                simulator.visit()
                val back = simulator.browse(applied(it))
                it.abandonIssuance()
                assertEquals(UnfinishedIssuance.NONE, it.unfinishedIssuance())
                assertFailsWith<WalletException.NotForThisWallet> { it.continueWith(back) }
                it.continueWith(simulator.browse(applied(it))) as Issued.Card
            }
        }

    @Test
    fun who_was_never_seen_gets_no_card_by_link() =
        play {
            phone().unlocked().use {
                val back = simulator.browse(applied(it))
                val refused = assertFailsWith<WalletException.IssuerRefused> { it.continueWith(back) }
                assertEquals(Refusal.DENIED, refused.why)
                assertEquals(emptyList(), it.cards())
                assertEquals(UnfinishedIssuance.NONE, it.unfinishedIssuance())
            }
        }

    @Test
    fun a_second_document_lives_beside_the_first() =
        play {
            val phone = phone()
            phone.enrolled().use {
                val prompts = phone.prompts()
                val card = (acceptDocument(it, "veteran_card") as Issued.Card).card
                val both = listOf("resident_card", "veteran_card")
                assertEquals(both, it.cards().map { card -> card.document })
                for (document in both.reversed()) {
                    assertEquals(document, (it.renewDocument(document) as Issued.Card).card.document)
                }
                assertEquals(both, it.cards().map { card -> card.document })
                assertEquals(prompts, phone.prompts())
                assertFailsWith<WalletException.CardNotFound> { it.renewDocument("none") }
                assertEquals(emptyList(), card.copies, "counters do not know it")
            }
        }

    @Test
    fun a_document_says_its_claims_in_the_issuers_words() =
        play {
            val phone = phone()
            phone.enrolled().use { acceptDocument(it, "veteran_card") }
            for ((language, name, label) in listOf(
                Triple(Language.ENGLISH, "Veteran's card (test)", "Veteran number"),
                Triple(Language.KOREAN, "국가보훈등록증 (시험)", "보훈번호"),
            )) {
                phone.open(language = language).use {
                    assertEquals(name, it.documentName("veteran_card"))
                    assertFailsWith<WalletException.Locked> { it.claims("veteran_card") }
                    it.unlock()
                    val number = it.claims("veteran_card").single { claim -> claim.name == "veteran_number" }
                    assertEquals(label to "12-345678", number.label to number.value)
                }
            }
        }

    @Test
    fun a_document_that_waits_for_a_clerk_comes_later() {
        // A clerk's word stands: for the other one it takes another desk.
        for (approve in listOf(true, false)) {
            play {
                phone().enrolled().use {
                    assertEquals(3600uL, (acceptDocument(it, "welfare_card") as Issued.Later).seconds)
                    it.resumeIssuance() as Issued.Later
                    assertEquals(UnfinishedIssuance.WAITING, it.unfinishedIssuance())
                    assertTrue(simulator.decide("welfare_card", approve))
                    if (approve) {
                        assertEquals("welfare_card", (it.resumeIssuance() as Issued.Card).card.document)
                    } else {
                        val denied = assertFailsWith<WalletException.IssuerRefused> { it.resumeIssuance() }
                        assertEquals(Refusal.DENIED, denied.why)
                    }
                    assertEquals(if (approve) 2 else 1, it.cards().size)
                    assertEquals(UnfinishedIssuance.NONE, it.unfinishedIssuance())
                }
            }
        }
    }
}
