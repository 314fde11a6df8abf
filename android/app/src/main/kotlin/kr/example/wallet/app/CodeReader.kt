package kr.example.wallet.app

import com.google.zxing.BarcodeFormat
import com.google.zxing.BinaryBitmap
import com.google.zxing.DecodeHintType
import com.google.zxing.LuminanceSource
import com.google.zxing.PlanarYUVLuminanceSource
import com.google.zxing.ReaderException
import com.google.zxing.common.HybridBinarizer
import com.google.zxing.qrcode.QRCodeReader

/** Finds a QR code in the brightness of a camera picture. Not for two threads at once. */
internal class CodeReader {
    private val reader = QRCodeReader()

    /** The text of the code in a plane of [width] × [height] pixels whose rows are [stride] bytes apart; null when there is none. */
    fun read(
        brightness: ByteArray,
        width: Int,
        height: Int,
        stride: Int,
    ): String? {
        val whole = (stride.toLong() * (height - 1) + width <= brightness.size) && width in 1..stride
        if (!whole) return null
        // The last row may be shorter than the stride; the source wants rows of one length.
        val rows = if (brightness.size >= stride * height) brightness else brightness.copyOf(stride * height)
        val source = PlanarYUVLuminanceSource(rows, stride, height, 0, 0, width, height, false)
        // A sign may be white on black.
        return read(source) ?: read(source.invert())
    }

    private fun read(source: LuminanceSource): String? =
        try {
            reader.decode(BinaryBitmap(HybridBinarizer(source)), HINTS).text
        } catch (_: ReaderException) {
            null
        } finally {
            reader.reset()
        }

    private companion object {
        val HINTS =
            mapOf(
                DecodeHintType.POSSIBLE_FORMATS to listOf(BarcodeFormat.QR_CODE),
                DecodeHintType.TRY_HARDER to true,
            )
    }
}
