package kr.example.wallet.conformance

import kr.example.wallet.PlatformHttp
import kr.example.wallet.core.Anchor
import kr.example.wallet.core.CardLink
import kr.example.wallet.core.Clock
import kr.example.wallet.core.FaceCheck
import kr.example.wallet.core.FaceEvidence
import kr.example.wallet.core.HolderKeyId
import kr.example.wallet.core.Http
import kr.example.wallet.core.HttpRequest
import kr.example.wallet.core.HttpResponse
import kr.example.wallet.core.InstanceKeyId
import kr.example.wallet.core.KeyStore
import kr.example.wallet.core.Now
import kr.example.wallet.core.Prompt
import kr.example.wallet.core.SignRequest
import kr.example.wallet.core.WrapKeyId
import kr.example.wallet.simulator.SimulatedPhone
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.JUnitCore
import java.util.UUID

/** A suite that nothing can fail would prove nothing. */
class BrokenSeamTest {
    @Test
    fun `an anchor that takes everything is found`(): Unit = finds<Greedy>("holds_256_bytes_and_no_more")

    @Test
    fun `a clock of milliseconds is found`(): Unit = finds<Fast>("tells_seconds_of_this_century")

    @Test
    fun `a client that follows redirects is found`(): Unit = finds<Following>("no_redirect_is_followed")

    @Test
    fun `a link that carries more than it says is found`(): Unit = finds<Vague>("a_command_beyond_the_limit_is_refused")

    @Test
    fun `a key store that signs something else is found`(): Unit =
        finds<Lying>("a_holder_key_signs", "an_instance_key_signs", "wraps_at_most_64_bytes")

    @Test
    fun `a face check that heeds no challenge is found`(): Unit = finds<Heedless>("evidence_is_signed_by_the_provider_for_this_wallet")

    /** The rules that a seam breaks, and no others. */
    private inline fun <reified T> finds(vararg rules: String) {
        val failures = JUnitCore.runClasses(T::class.java).failures
        assertEquals(rules.toList(), failures.map { it.description.methodName }.sorted())
    }

    class Greedy : AnchorConformance() {
        override fun make(): Anchor =
            object : Anchor {
                private var bytes = ByteArray(0)

                override suspend fun load(): ByteArray = bytes

                override suspend fun store(bytes: ByteArray): ByteArray = bytes.also { this.bytes = it }
            }
    }

    class Fast : ClockConformance() {
        override fun make(): Clock =
            object : Clock {
                override fun now(): Now = Now(System.currentTimeMillis())
            }
    }

    class Following : HttpConformance() {
        override fun make(): Http =
            object : Http {
                override suspend fun send(request: HttpRequest): HttpResponse =
                    PlatformHttp().send(request.copy(url = request.url.replace("/redirect", "/echo")))
            }
    }

    class Vague : CardLinkConformance() {
        override fun make(): CardLink {
            val card = simulator.tap()
            return object : CardLink by card {
                override suspend fun transceive(apdu: ByteArray): ByteArray = card.transceive(apdu.copyOf(minOf(apdu.size, 4)))
            }
        }
    }

    /** Alters what it is asked to sign, and cuts what it is asked to wrap. */
    class Lying : KeyStoreConformance() {
        override fun make(): KeyStore {
            val phone = another()
            return object : KeyStore by phone {
                override suspend fun sign(
                    key: HolderKeyId,
                    requests: List<SignRequest>,
                    prompt: Prompt,
                ): List<ByteArray> = phone.sign(key, requests.map { SignRequest(it.message + 0) }, prompt)

                override suspend fun signInstance(
                    key: InstanceKeyId,
                    message: ByteArray,
                ): ByteArray = phone.signInstance(key, message + 0)

                override suspend fun wrap(
                    key: WrapKeyId,
                    plain: ByteArray,
                ): ByteArray = phone.wrap(key, plain.copyOf(minOf(plain.size, 64)))
            }
        }
    }

    class Heedless : FaceCheckConformance() {
        override fun make(): FaceCheck {
            val phone = another()
            return object : FaceCheck {
                override suspend fun compare(
                    portrait: ByteArray,
                    challenge: ByteArray,
                    instanceKey: ByteArray,
                    prompt: Prompt,
                ): FaceEvidence = phone.compare(portrait, ByteArray(challenge.size), instanceKey, prompt)
            }
        }

        override fun providerKey(): ByteArray = faceProvider
    }
}

/** With keys of its own; it ends with the simulator. */
private fun another(): SimulatedPhone = simulator.phone("broken-${UUID.randomUUID()}")
