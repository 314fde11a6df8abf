@file:Suppress("ktlint:standard:function-naming", "FunctionName")

package kr.example.wallet.conformance

import kr.example.wallet.core.Clock
import org.junit.Assert.assertTrue
import org.junit.Test

/** What every [Clock] does. */
public abstract class ClockConformance {
    /** The clock. */
    protected abstract fun make(): Clock

    /** The unit is seconds since 1970 UTC: neither milliseconds nor zero. */
    @Test
    public fun tells_seconds_of_this_century(): Unit =
        assertTrue("the time is seconds since 1970, in this century", make().now().unixSeconds in 946_684_800L until 4_102_444_800L)

    /** Two readings are in order. */
    @Test
    public fun does_not_run_backwards() {
        val clock = make()
        val first = clock.now().unixSeconds
        assertTrue("a clock does not run backwards", first <= clock.now().unixSeconds)
    }
}
