from fault import Faults

fault = Faults("java", wide=True)
