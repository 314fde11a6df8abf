package kr.example.wallet.app

import com.google.zxing.BarcodeFormat
import com.google.zxing.qrcode.QRCodeWriter
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNull

class CodeReaderTest {
    private val text = "KD1:" + "0123456789ABCDEF".repeat(20)

    /** A plane as a camera gives it: rows [padding] longer than the picture. */
    private fun plane(
        padding: Int,
        white: Int,
        black: Int,
    ): Picture {
        val matrix = QRCodeWriter().encode(text, BarcodeFormat.QR_CODE, 480, 480)
        val stride = matrix.width + padding
        val bytes = ByteArray(stride * matrix.height) { 0x55 }
        for (y in 0 until matrix.height) {
            for (x in 0 until matrix.width) {
                bytes[y * stride + x] =
                    (if (matrix[x, y]) black else white).toByte()
            }
        }
        return Picture(bytes, matrix.width, matrix.height, stride)
    }

    private class Picture(
        val bytes: ByteArray,
        val width: Int,
        val height: Int,
        val stride: Int,
    )

    private fun CodeReader.read(picture: Picture) = read(picture.bytes, picture.width, picture.height, picture.stride)

    @Test
    fun `a code is read, with rows longer than the picture too`() {
        assertEquals(text, CodeReader().read(plane(padding = 0, white = 230, black = 20)))
        assertEquals(text, CodeReader().read(plane(padding = 32, white = 200, black = 60)))
    }

    @Test
    fun `white on black is read`() {
        assertEquals(text, CodeReader().read(plane(padding = 0, white = 15, black = 240)))
    }

    @Test
    fun `the last row may end with the picture`() {
        val picture = plane(padding = 32, white = 230, black = 20)
        val short = Picture(picture.bytes.copyOf(picture.bytes.size - 32), picture.width, picture.height, picture.stride)
        assertEquals(text, CodeReader().read(short))
    }

    @Test
    fun `no code is none, and a plane too short for its picture is not read`() {
        assertNull(CodeReader().read(ByteArray(480 * 480) { 100 }, 480, 480, 480))
        assertNull(CodeReader().read(ByteArray(100), 480, 480, 480))
    }
}
