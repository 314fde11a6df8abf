package kr.example.wallet

import kr.example.wallet.core.CardAccessView
import kr.example.wallet.core.CardLink
import kr.example.wallet.core.LinkException
import kr.example.wallet.core.LinkLimits

/** The card that is held to the phone now: each tap is a link of its own, and a reading goes on over the next. */
internal class HeldCard : CardLink {
    @Volatile var card: CardLink? = null

    override suspend fun transceive(apdu: ByteArray): ByteArray = held().transceive(apdu)

    override suspend fun limits(): LinkLimits = held().limits()

    private fun held() = card ?: throw LinkException.TagLost()
}

/** Wipes what opens a card. */
internal fun CardAccessView.wipe() {
    val secrets =
        when (this) {
            is CardAccessView.Can -> listOf(can)
            is CardAccessView.Mrz -> listOf(number, birth, expiry)
            is CardAccessView.Pin -> listOfNotNull(pin, can)
            is CardAccessView.Puk -> listOf(puk)
        }
    secrets.forEach { it.fill(0) }
}
