package kr.example.wallet.app

import android.app.Activity
import android.nfc.NfcAdapter
import android.nfc.TagLostException
import android.nfc.tech.IsoDep
import android.os.Bundle
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.runBlocking
import kr.example.wallet.PlatformHttp
import kr.example.wallet.android.DeviceProtectedAnchor
import kr.example.wallet.core.CardLink
import kr.example.wallet.core.Clock
import kr.example.wallet.core.Http
import kr.example.wallet.core.HttpException
import kr.example.wallet.core.HttpRequest
import kr.example.wallet.core.HttpResponse
import kr.example.wallet.core.KeyStore
import kr.example.wallet.core.Language
import kr.example.wallet.core.LinkException
import kr.example.wallet.core.Now
import kr.example.wallet.core.Platform
import kr.example.wallet.core.Prompt
import kr.example.wallet.core.WalletConfig
import kr.example.wallet.core.WrapKeyId
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadows.ShadowIsoDep
import org.robolectric.shadows.ShadowNfcAdapter
import java.io.File
import java.util.concurrent.atomic.AtomicInteger

/** The app as tests install it: the simulator's hardware, with a clock and a network that a test may bend. */
internal class TestApp : DevelopmentApp() {
    override fun platform(): Platform {
        val stage = checkNotNull(Stage.current)
        return Platform(stage.keys ?: stage.hardware, DeviceProtectedAnchor(this), stage.network, stage.clock, stage.hardware)
    }

    override fun config(language: Language): WalletConfig {
        val stage = Stage.current?.takeIf { it.isSetUp } ?: throw NotSetUp()
        return stage.simulator.config(File(IssuerAssets.vault(this)), language)
    }
}

/** The computer's clock, and some seconds. */
internal class BentClock : Clock {
    @Volatile var ahead = 0L

    override fun now() = Now(System.currentTimeMillis() / 1000 + ahead)
}

/** The phone's keys; the prompt number [at] waits until it may go on. */
internal class SlowPrompt(
    private val keys: KeyStore,
    private val at: Int = 1,
) : KeyStore by keys {
    val go = CompletableDeferred<Unit>()

    @Volatile var isUp = false
    private var prompts = 0

    override suspend fun unwrap(
        key: WrapKeyId,
        wrapped: ByteArray,
        prompt: Prompt?,
    ): ByteArray {
        if (prompt != null) wait()
        return keys.unwrap(key, wrapped, prompt)
    }

    private suspend fun wait() {
        prompts += 1
        if (prompts != at) return
        isUp = true
        go.await()
        isUp = false
    }
}

/** The real client, until the test takes the network away. */
internal class Network : Http {
    @Volatile var isGone: (HttpRequest) -> Boolean = { false }

    /** A request that waits until the test lets it go. */
    @Volatile var held: Held? = null

    override suspend fun send(request: HttpRequest): HttpResponse {
        held?.takeIf { request.url.endsWith(it.path) }?.wait()
        if (isGone(request)) throw HttpException.Offline()
        return PlatformHttp().send(request)
    }

    class Held(
        val path: String,
    ) {
        val go = CompletableDeferred<Unit>()

        @Volatile var waits = false

        suspend fun wait() {
            waits = true
            go.await()
        }
    }
}

/** Robolectric's radio, which does not speak to a screen that is gone; the system's does not either. */
@Implements(NfcAdapter::class)
internal class Radio : ShadowNfcAdapter() {
    @Implementation
    override fun enableReaderMode(
        activity: Activity,
        callback: NfcAdapter.ReaderCallback,
        flags: Int,
        extras: Bundle?,
    ) {
        check(!activity.isDestroyed) { "activity is already destroyed" }
        super.enableReaderMode(activity, callback, flags, extras)
    }

    @Implementation
    override fun disableReaderMode(activity: Activity) {
        check(!activity.isDestroyed) { "activity is already destroyed" }
        super.disableReaderMode(activity)
    }
}

/** Robolectric's card, whose answers come from the virtual chip. */
@Implements(IsoDep::class)
internal class ChipAtAntenna : ShadowIsoDep() {
    @Implementation
    override fun close() {
        super.close()
        closed.incrementAndGet()
    }

    @Implementation
    override fun transceive(data: ByteArray): ByteArray =
        try {
            runBlocking { checkNotNull(card).transceive(data) }
        } catch (_: LinkException.TagLost) {
            throw TagLostException()
        }

    companion object {
        @Volatile var card: CardLink? = null

        /** How many links the app has let go of. */
        val closed = AtomicInteger()
    }
}

/** A card that waits before its command number [at] until it may go on. */
internal class Slow(
    private val card: CardLink,
    private val at: Int,
) : CardLink {
    val go = CompletableDeferred<Unit>()

    @Volatile var waits = false
    private var commands = 0

    override suspend fun transceive(apdu: ByteArray): ByteArray {
        commands += 1
        if (commands == at) {
            waits = true
            go.await()
        }
        return card.transceive(apdu)
    }

    override suspend fun limits() = card.limits()
}

/** A card that counts what it is asked. */
internal class Asked(
    private val card: CardLink,
) : CardLink {
    val commands = AtomicInteger()

    override suspend fun transceive(apdu: ByteArray): ByteArray {
        commands.incrementAndGet()
        return card.transceive(apdu)
    }

    override suspend fun limits() = card.limits()
}

/** A card that is taken away before its command number [at]. */
internal class TakenAway(
    private val card: CardLink,
    private val at: Int,
) : CardLink {
    private var commands = 0

    override suspend fun transceive(apdu: ByteArray): ByteArray {
        commands += 1
        if (commands == at) throw LinkException.TagLost()
        return card.transceive(apdu)
    }

    override suspend fun limits() = card.limits()
}
