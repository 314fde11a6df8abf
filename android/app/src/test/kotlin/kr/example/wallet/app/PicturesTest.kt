package kr.example.wallet.app

import android.media.ImageReader
import android.util.Size
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** What the camera's memory is read by, and when it goes. */
@RunWith(RobolectricTestRunner::class)
@Config(shadows = [PicturesTest.WatchedReader::class])
class PicturesTest {
    @Test
    fun `the reader is closed after the picture that is looked at, on the thread that looks`() {
        WatchedReader.closed = CountDownLatch(1)
        val pictures = Pictures(Size(640, 480)) {}
        val looking = CountDownLatch(1)
        pictures.handler.post(looking::await)
        pictures.close()
        assertEquals(1, WatchedReader.closed.count, "not under the eyes of whoever looks")
        looking.countDown()
        assertTrue(WatchedReader.closed.await(PATIENCE, TimeUnit.SECONDS))
        assertEquals("codes", WatchedReader.closedBy)
    }

    /** A reader without a camera that says who closed it. */
    @Implements(ImageReader::class)
    internal class WatchedReader {
        @Implementation
        fun close() {
            closedBy = Thread.currentThread().name
            closed.countDown()
        }

        companion object {
            @Volatile var closed = CountDownLatch(1)

            @Volatile var closedBy = ""
        }
    }

    private companion object {
        const val PATIENCE = 10L
    }
}
