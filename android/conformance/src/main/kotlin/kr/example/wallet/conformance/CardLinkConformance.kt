@file:Suppress("ktlint:standard:function-naming", "FunctionName")

package kr.example.wallet.conformance

import kr.example.wallet.core.CardLink
import kr.example.wallet.core.LinkException
import org.junit.Assert.assertTrue
import org.junit.Test

/** What every [CardLink] does. */
public abstract class CardLinkConformance {
    /** A link with an ICAO 9303 card in the field. */
    protected abstract fun make(): CardLink

    /** At least short APDUs fit, and extended length is only announced where it does. */
    @Test
    public fun limits_carry_short_apdus(): Unit =
        case {
            val limits = make().limits()
            assertTrue("a short command of 261 bytes fits", limits.maxCommand >= 261u)
            assertTrue("a short response of 258 bytes fits", limits.maxResponse >= 258u)
            assertTrue("extended length is announced where it fits", !limits.extended || limits.maxCommand > 261u)
        }

    /** Known and unknown commands are both answered, with SW1 in 6X or 9X. */
    @Test
    public fun answers_end_in_a_status_word(): Unit =
        case {
            val link = make()
            for (command in listOf(SELECT, UNKNOWN)) {
                val answer = link.transceive(command.copyOf())
                val class1 = answer.getOrNull(answer.size - 2)?.let { it.toInt() and 0xF0 }
                assertTrue("an answer ends in a status word", class1 == 0x60 || class1 == 0x90)
            }
        }

    /** Longer than `maxCommand` is `TooLong`, and the link goes on. */
    @Test
    public fun a_command_beyond_the_limit_is_refused(): Unit =
        case {
            val link = make()
            val length = link.limits().maxCommand.toLong() + 1
            // Nobody can be asked to allocate gigabytes for a link that claims to carry them.
            if (length <= 1 shl 20) {
                refuses<LinkException.TooLong>("a command beyond the limit is TooLong") { link.transceive(ByteArray(length.toInt())) }
            }
            link.transceive(UNKNOWN.copyOf())
        }

    private companion object {
        /** SELECT the application of ICAO 9303-10, 3.1. */
        val SELECT = byteArrayOf(0x00, 0xA4.toByte(), 0x04, 0x0C, 0x07, 0xA0.toByte(), 0x00, 0x00, 0x02, 0x47, 0x10, 0x01)

        /** An instruction nobody has. */
        val UNKNOWN = byteArrayOf(0x00, 0xFC.toByte(), 0x00, 0x00)
    }
}
