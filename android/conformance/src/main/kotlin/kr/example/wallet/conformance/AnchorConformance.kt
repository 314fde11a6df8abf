@file:Suppress("ktlint:standard:function-naming", "FunctionName")

package kr.example.wallet.conformance

import kr.example.wallet.core.Anchor
import kr.example.wallet.core.AnchorException
import org.junit.Assert.assertArrayEquals
import org.junit.Test

/** What every [Anchor] does. */
public abstract class AnchorConformance {
    /** An empty anchor. */
    protected abstract fun make(): Anchor

    /** Nothing stored is nothing, not an error. */
    @Test
    public fun is_empty_at_first(): Unit = case { assertArrayEquals("an anchor is empty at first", ByteArray(0), make().load()) }

    /** The bytes as stored come back from `store` and from `load`, shorter ones after longer ones too. */
    @Test
    public fun gives_back_what_was_stored_last(): Unit =
        case {
            val anchor = make()
            for (text in listOf("longer bytes, with a \u0000 in them", "short", "")) {
                val bytes = text.encodeToByteArray()
                assertArrayEquals("store gives back the bytes as stored", bytes, anchor.store(bytes.copyOf()))
                assertArrayEquals("load gives what was stored last", bytes, anchor.load())
            }
        }

    /** 256 bytes fit; 257 are refused and change nothing. */
    @Test
    public fun holds_256_bytes_and_no_more(): Unit =
        case {
            val anchor = make()
            val full = ByteArray(256) { 0xA5.toByte() }
            anchor.store(full.copyOf())
            refuses<AnchorException>("257 bytes are refused") { anchor.store(ByteArray(257) { 1 }) }
            assertArrayEquals("a refused store changes nothing", full, anchor.load())
        }
}
