@file:Suppress("ktlint:standard:function-naming", "FunctionName")

package kr.example.wallet.behaviours

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.collect
import kotlinx.coroutines.flow.last
import kotlinx.coroutines.launch
import kr.example.wallet.INTERNAL_FAILURE
import kr.example.wallet.MobileId
import kr.example.wallet.behaviours.Stage.Companion.play
import kr.example.wallet.core.Anchor
import kr.example.wallet.core.AnchorException
import kr.example.wallet.core.CardAccessView
import kr.example.wallet.core.CardReading
import kr.example.wallet.core.CardTrouble
import kr.example.wallet.core.Clock
import kr.example.wallet.core.ClockException
import kr.example.wallet.core.CreatedKeys
import kr.example.wallet.core.Disclosure
import kr.example.wallet.core.Distrust
import kr.example.wallet.core.FaceCheck
import kr.example.wallet.core.FaceCheckException
import kr.example.wallet.core.HolderKeyId
import kr.example.wallet.core.Http
import kr.example.wallet.core.HttpException
import kr.example.wallet.core.HttpRequest
import kr.example.wallet.core.HttpResponse
import kr.example.wallet.core.KeyPolicy
import kr.example.wallet.core.KeyStore
import kr.example.wallet.core.KeyStoreException
import kr.example.wallet.core.Language
import kr.example.wallet.core.LinkException
import kr.example.wallet.core.Now
import kr.example.wallet.core.Platform
import kr.example.wallet.core.Prompt
import kr.example.wallet.core.ReadingListener
import kr.example.wallet.core.ReadingProgress
import kr.example.wallet.core.SignRequest
import kr.example.wallet.core.WalletException
import kr.example.wallet.core.WalletState
import kr.example.wallet.core.WrapKeyId
import kr.example.wallet.simulator.SystemClock
import kr.example.wallet.text
import java.util.concurrent.atomic.AtomicInteger
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import kotlin.test.fail

class BindingsBehaviours {
    @Test
    fun a_foreign_throw_in_a_sync_method_is_an_error() =
        play {
            val broken =
                object : Clock {
                    override fun now(): Now = throw AssertionError("planted")
                }
            phone().open(clock = broken).use {
                assertFailsWith<WalletException.Unavailable> { it.scan("KD1:ABC") }
                assertEquals(WalletState.EMPTY, it.state())
            }
            val listener =
                object : ReadingListener {
                    override fun progress(progress: ReadingProgress): Boolean = throw NotImplementedError("planted")
                }
            val link = WatchedLink(simulator.tap()) {}
            assertFailsWith<WalletException.UserCancelled> { reading(link, listener).run(null) }
            assertEquals(1, link.commands.get())
        }

    @Test
    fun a_foreign_throw_in_an_async_method_is_an_error() =
        play {
            val phone = phone()
            val broken =
                object : KeyStore by phone.hardware {
                    override suspend fun sign(
                        key: HolderKeyId,
                        requests: List<SignRequest>,
                        prompt: Prompt,
                    ): List<ByteArray> = throw AssertionError("planted")
                }
            phone.enrolled(keyStore = broken).use {
                assertFailsWith<WalletException.Unavailable> { it.showAdult() }
                assertEquals(1, it.cards().size)
            }
            val link = WatchedLink(simulator.tap()) { throw StackOverflowError("planted") }
            assertFailsWith<WalletException.Unavailable> { reading(link, null).run(null) }
        }

    @Test
    fun every_seam_error_arrives_by_its_name() =
        play {
            val phone = phone()
            val keyErrors =
                listOf(
                    KeyStoreException.UserCancelled() to WalletException.UserCancelled(),
                    KeyStoreException.LockedOut() to WalletException.LockedOut(),
                    KeyStoreException.NoBiometrics() to WalletException.NoBiometrics(),
                    KeyStoreException.Unavailable() to WalletException.Unavailable(-1005),
                    KeyStoreException.Failed(7) to WalletException.Unavailable(7),
                    KeyStoreException.KeyInvalidated() to WalletException.KeyInvalidated(),
                    KeyStoreException.KeyNotFound() to WalletException.KeyInvalidated(),
                )
            for ((thrown, expected) in keyErrors) {
                phone.open(keyStore = Failing(phone.hardware) { if (it == "unwrap") throw thrown }).use { same(expected) { it.unlock() } }
                for (operation in listOf("create", "wrap")) {
                    val fresh = phone("$operation-${thrown::class.simpleName}")
                    same(expected) { fresh.open(keyStore = Failing(fresh.hardware) { if (it == operation) throw thrown }) }
                }
            }
            val shown = phone("shown")
            var ends: KeyStoreException? = null
            shown.enrolled(keyStore = Failing(shown.hardware) { if (it == "sign") ends?.let { thrown -> throw thrown } }).use {
                for ((thrown, expected) in keyErrors) {
                    ends = thrown
                    same(expected) { it.showAdult() }
                }
            }
            for ((thrown, expected) in listOf(
                LinkException.TagLost() to WalletException.CardLost(),
                LinkException.Timeout() to WalletException.CardUnreadable(CardTrouble.SILENT),
                LinkException.TooLong() to WalletException.CardUnreadable(CardTrouble.UNSUPPORTED),
                LinkException.Cancelled() to WalletException.UserCancelled(),
                LinkException.Failed(7) to WalletException.Unavailable(7),
            )) {
                same(expected) { reading(WatchedLink(simulator.tap()) { throw thrown }, null).run(null) }
            }
            for ((thrown, expected) in listOf(
                HttpException.Offline() to WalletException.Offline(),
                HttpException.Timeout() to WalletException.Offline(),
                HttpException.Tls() to WalletException.NotTrusted(Distrust.ISSUER_ANSWER),
                HttpException.Failed(7) to WalletException.Unavailable(7),
            )) {
                val http =
                    object : Http {
                        override suspend fun send(request: HttpRequest): HttpResponse = throw thrown
                    }
                phone.unlocked(http = http).use { same(expected) { phone.enrol(it) } }
            }
            for ((thrown, code) in listOf(AnchorException.Unavailable() to -1006, AnchorException.Failed(7) to 7)) {
                val anchor =
                    object : Anchor by phone.anchor {
                        override suspend fun load(): ByteArray = throw thrown
                    }
                val platform = Platform(phone.hardware, anchor, phone.http, SystemClock(), phone.hardware)
                same(WalletException.Unavailable(code)) { MobileId.open(platform, simulator.config(phone.vault)) }
            }
            val clock =
                object : Clock {
                    override fun now(): Now = throw ClockException.Failed(7)
                }
            phone.open(clock = clock).use { same(WalletException.Unavailable(7)) { it.scan("KD1:ABC") } }
            for ((thrown, expected) in listOf(
                FaceCheckException.UserCancelled() to WalletException.UserCancelled(),
                FaceCheckException.NoMatch() to WalletException.FaceMismatch(),
                FaceCheckException.Unavailable() to WalletException.Unavailable(-1007),
            )) {
                val face =
                    object : FaceCheck {
                        override suspend fun compare(
                            portrait: ByteArray,
                            challenge: ByteArray,
                            instanceKey: ByteArray,
                            prompt: Prompt,
                        ) = throw thrown
                    }
                val platform = Platform(phone.hardware, phone.anchor, phone.http, SystemClock(), face)
                MobileId.open(platform, simulator.config(phone.vault)).use {
                    it.unlock()
                    same(expected) { phone.enrol(it) }
                }
            }
        }

    @Test
    fun a_planted_panic_is_an_error_and_the_process_lives() =
        play {
            phone().enrolled().use {
                val failed = assertFailsWith<WalletException.Unavailable> { it.scan("PANIC") }
                assertEquals(INTERNAL_FAILURE, failed.code)
                assertEquals(1, it.cards().size)
                assertTrue(counter().check(it.frame(it.showAdult()).text, now(), 0).accepted)
            }
        }

    @Test
    fun twenty_calls_at_once() =
        play {
            phone().enrolled().use { id ->
                val card = id.cards().single().id
                val texts =
                    coroutineScope {
                        val shows = (1..10).map { async(Dispatchers.Default) { id.frame(id.show(card, Disclosure.ADULT_ONLY)).text } }
                        val looks = (1..10).map { async(Dispatchers.Default) { assertEquals(card, id.cards().single().id) } }
                        looks.awaitAll()
                        shows.awaitAll()
                    }
                assertEquals(10, texts.toSet().size)
                assertEquals(0, id.left(Disclosure.ADULT_ONLY))
                assertEquals(11, id.history().size)
            }
        }

    @Test
    fun an_object_let_go_while_in_use_finishes() =
        play {
            lateinit var reading: CardReading
            val link = WatchedLink(simulator.tap()) { number -> if (number == 4) reading.close() }
            reading = reading(link, null)
            assertTrue(reading.run(null).files().isNotEmpty())
            assertFailsWith<IllegalStateException> { reading.run(null) }
        }

    @Test
    fun errors_speak_korean_and_english() =
        play {
            val error = assertFailsWith<WalletException.NotForThisWallet> { phone().open().scan("https://example.com") }
            for (each in everyError() + error) assertSpoken(each, each.text(Language.KOREAN), each.text(Language.ENGLISH))
        }

    @Test
    fun a_cancelled_task_stops_the_reading() =
        play {
            val (reached, commands) = CompletableDeferred<Unit>() to AtomicInteger()
            val link =
                WatchedLink(simulator.tap()) { number ->
                    commands.set(number)
                    if (number == 3) reached.complete(Unit)
                    delay(20)
                }
            phone().open().use { id ->
                coroutineScope {
                    val job = launch(Dispatchers.Default) { id.reading(link, simulator.can()).collect() }
                    reached.await()
                    job.cancelAndJoin()
                }
                val stopped = commands.get()
                delay(200)
                assertTrue(stopped < 8 && commands.get() <= stopped + 1, "$stopped, then ${commands.get()}")
                id.reading(simulator.tap(), simulator.can()).last()
            }
        }

    /** A phone's keys that ask first, by the name of what they are to do with the citizen at hand. */
    private class Failing(
        private val hardware: KeyStore,
        private val ask: (String) -> Unit,
    ) : KeyStore by hardware {
        override suspend fun create(
            policy: KeyPolicy,
            challenge: ByteArray,
            count: UInt,
        ): CreatedKeys {
            ask("create")
            return hardware.create(policy, challenge, count)
        }

        override suspend fun sign(
            key: HolderKeyId,
            requests: List<SignRequest>,
            prompt: Prompt,
        ): List<ByteArray> {
            ask("sign")
            return hardware.sign(key, requests, prompt)
        }

        override suspend fun wrap(
            key: WrapKeyId,
            plain: ByteArray,
        ): ByteArray {
            ask("wrap")
            return hardware.wrap(key, plain)
        }

        override suspend fun unwrap(
            key: WrapKeyId,
            wrapped: ByteArray,
            prompt: Prompt?,
        ): ByteArray {
            if (prompt != null) ask("unwrap")
            return hardware.unwrap(key, wrapped, prompt)
        }
    }

    private fun Stage.reading(
        link: WatchedLink,
        listener: ReadingListener?,
    ): CardReading {
        val roots = simulator.config(java.io.File("vault")).cardRoots
        return CardReading(link, CardAccessView.Can(simulator.can()), roots, SystemClock(), listener)
    }

    /** The same kind of error with the same fields. */
    private suspend fun same(
        expected: WalletException,
        call: suspend () -> Unit,
    ) {
        try {
            call()
        } catch (thrown: WalletException) {
            return assertEquals(expected::class to expected.message, thrown::class to thrown.message)
        }
        fail("$expected was not thrown")
    }
}
