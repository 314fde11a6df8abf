package kr.example.wallet.android

import kr.example.wallet.core.Clock
import kr.example.wallet.core.Now

/** The phone's wall clock. */
public class AndroidClock : Clock {
    override fun now(): Now = Now(System.currentTimeMillis() / MILLIS)

    private companion object {
        const val MILLIS = 1000
    }
}
