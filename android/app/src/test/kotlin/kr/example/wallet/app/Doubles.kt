package kr.example.wallet.app

import android.nfc.TagLostException
import android.nfc.tech.IsoDep
import kotlinx.coroutines.runBlocking
import kr.example.wallet.PlatformHttp
import kr.example.wallet.android.DeviceProtectedAnchor
import kr.example.wallet.core.CardLink
import kr.example.wallet.core.Clock
import kr.example.wallet.core.Http
import kr.example.wallet.core.HttpException
import kr.example.wallet.core.HttpRequest
import kr.example.wallet.core.HttpResponse
import kr.example.wallet.core.Language
import kr.example.wallet.core.LinkException
import kr.example.wallet.core.Now
import kr.example.wallet.core.Platform
import kr.example.wallet.core.WalletConfig
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadows.ShadowIsoDep
import java.io.File

/** The app as tests install it: the simulator's hardware, with a clock and a network that a test may bend. */
internal class TestApp : DevelopmentApp() {
    override fun platform(): Platform {
        val stage = checkNotNull(Stage.current)
        return Platform(stage.hardware, DeviceProtectedAnchor(this), stage.network, stage.clock, stage.hardware)
    }

    override fun config(language: Language): WalletConfig {
        val stage = Stage.current ?: throw NotSetUp()
        return stage.simulator.config(File(IssuerAssets.vault(this)), language)
    }
}

/** The computer's clock, and some seconds. */
internal class BentClock : Clock {
    @Volatile var ahead = 0L

    override fun now() = Now(System.currentTimeMillis() / 1000 + ahead)
}

/** The real client, until the test takes the network away. */
internal class Network : Http {
    @Volatile var isGone: (HttpRequest) -> Boolean = { false }

    override suspend fun send(request: HttpRequest): HttpResponse =
        if (isGone(request)) throw HttpException.Offline() else PlatformHttp().send(request)
}

/** Robolectric's card, whose answers come from the virtual chip. */
@Implements(IsoDep::class)
internal class ChipAtAntenna : ShadowIsoDep() {
    @Implementation
    override fun transceive(data: ByteArray): ByteArray =
        try {
            runBlocking { checkNotNull(card).transceive(data) }
        } catch (_: LinkException.TagLost) {
            throw TagLostException()
        }

    companion object {
        @Volatile var card: CardLink? = null
    }
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
