package kr.example.wallet.simulator

import kr.example.wallet.core.Anchor
import kr.example.wallet.core.AnchorException
import kr.example.wallet.core.Clock
import kr.example.wallet.core.Now

/** An anchor that lives as long as the process: it survives a wallet that is opened again, and nothing else. */
public class MemoryAnchor : Anchor {
    /** What was stored last. */
    @Volatile public var bytes: ByteArray = ByteArray(0)

    override suspend fun load(): ByteArray = bytes.copyOf()

    override suspend fun store(bytes: ByteArray): ByteArray {
        if (bytes.size > LIMIT) throw AnchorException.Failed(TOO_LONG)
        this.bytes = bytes.copyOf()
        return bytes
    }

    private companion object {
        const val LIMIT = 256

        /** "Invalid argument". */
        const val TOO_LONG = 22
    }
}

/** The computer's clock. */
public class SystemClock : Clock {
    override fun now(): Now = Now(System.currentTimeMillis() / 1000)
}
