package kr.example.wallet.android

import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.os.Build
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.GraphicsMode
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** What the tests of every module below `robolectric` stand on. */
@RunWith(RobolectricTestRunner::class)
class RobolectricTest {
    @Test
    fun `the android here is api 34`() {
        assertEquals(34, Build.VERSION.SDK_INT)
    }

    /** Without native graphics a bitmap stays empty, and a screenshot would be a picture of nothing. */
    @Test
    @GraphicsMode(GraphicsMode.Mode.NATIVE)
    fun `pictures are drawn`() {
        val bitmap = Bitmap.createBitmap(40, 40, Bitmap.Config.ARGB_8888)
        Canvas(bitmap).drawText("0", 10f, 30f, Paint().apply { color = Color.RED })
        assertTrue((0 until 40).any { x -> (0 until 40).any { y -> bitmap.getPixel(x, y) == Color.RED } })
    }
}
